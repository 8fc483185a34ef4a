namespace Ovsdb;

/// <summary>
/// Finds operations that the server would reject, before they are sent: unknown tables and columns, and values that violate their column's
/// type.
/// </summary>
internal static class SchemaCheck
{
    /// <summary>
    /// Returns the rejection of the first invalid operation, with the error that a server would return; null if all operations are valid.
    /// </summary>
    public static Rejected? Validate(IReadOnlyList<Op> ops, DatabaseSchema schema)
    {
        for (var i = 0; i < ops.Count; i++)
        {
            if (Validate(ops[i], schema) is { } error)
            {
                return new Rejected(error, i);
            }
        }

        return null;
    }

    private static OvsdbError? Validate(Op op, DatabaseSchema schema) =>
        op switch
        {
            InsertOp insert => CheckTable(schema, insert.Table, out var table) ?? CheckRow(table, insert.Row),
            SelectOp select => CheckTable(schema, select.Table, out var table)
                ?? CheckConditions(table, select.Where)
                ?? CheckColumns(table, select.Columns ?? []),
            UpdateOp update => CheckTable(schema, update.Table, out var table)
                ?? CheckConditions(table, update.Where)
                ?? CheckRow(table, update.Row)
                ?? CheckMutable(table, update.Row.Keys),
            MutateOp mutate => CheckTable(schema, mutate.Table, out var table)
                ?? CheckConditions(table, mutate.Where)
                ?? CheckMutations(table, mutate.Mutations),
            DeleteOp delete => CheckTable(schema, delete.Table, out var table) ?? CheckConditions(table, delete.Where),
            WaitOp wait => CheckTable(schema, wait.Table, out var table)
                ?? CheckConditions(table, wait.Where)
                ?? CheckColumns(table, wait.Columns)
                ?? CheckColumns(table, wait.Rows.SelectMany(row => row.Keys)),
            _ => null,
        };

    private static OvsdbError? CheckTable(DatabaseSchema schema, string name, out TableSchema table)
    {
        var found = schema.Table(name);
        table = found ?? new TableSchema(name, new Dictionary<string, ColumnSchema>(), false, []);
        return found is null
            ? new OvsdbError(OvsdbError.UnknownTable, $"No table named {name} in the schema of {schema.Name} {schema.Version}.")
            : null;
    }

    private static OvsdbError? CheckRow(TableSchema table, IReadOnlyDictionary<string, OvsdbValue> row)
    {
        foreach (var (column, value) in row)
        {
            if (table.TypeOf(column) is not { } type)
            {
                return UnknownColumn(table, column);
            }

            if (type.Validate(value) is { } reason)
            {
                return new OvsdbError(OvsdbError.ConstraintViolation, $"Column {column} of table {table.Name}: {reason}.");
            }
        }
        return null;
    }

    private static OvsdbError? CheckConditions(TableSchema table, IReadOnlyList<Where> where)
    {
        foreach (var condition in where)
        {
            if (!table.HasColumn(condition.Column))
            {
                return UnknownColumn(table, condition.Column);
            }
        }

        return null;
    }

    private static OvsdbError? CheckMutations(TableSchema table, IReadOnlyList<Mutation> mutations)
    {
        foreach (var mutation in mutations)
        {
            if (!table.HasColumn(mutation.Column))
            {
                return UnknownColumn(table, mutation.Column);
            }
        }

        return CheckMutable(table, mutations.Select(mutation => mutation.Column));
    }

    private static OvsdbError? CheckColumns(TableSchema table, IEnumerable<string> columns)
    {
        foreach (var column in columns)
        {
            if (!table.HasColumn(column))
            {
                return UnknownColumn(table, column);
            }
        }

        return null;
    }

    private static OvsdbError? CheckMutable(TableSchema table, IEnumerable<string> columns) =>
        columns.FirstOrDefault(column => table.Columns.GetValueOrDefault(column) is not { IsMutable: true }) is { } column
            ? new OvsdbError(OvsdbError.ConstraintViolation, $"Column {column} of table {table.Name} is immutable.")
            : null;

    private static OvsdbError UnknownColumn(TableSchema table, string column) =>
        new(OvsdbError.UnknownColumn, $"No column {column} in table {table.Name} of this server's schema.");
}
