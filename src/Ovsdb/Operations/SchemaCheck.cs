namespace Ovsdb;

/// <summary>What the server would refuse, found before sending: tables and columns that its schema lacks, values outside their column's type.</summary>
internal static class SchemaCheck
{
    /// <summary>The refusal, in the server's vocabulary; null if there is nothing to refuse.</summary>
    public static Rejected? Refuse(IReadOnlyList<Op> ops, DatabaseSchema schema)
    {
        for (var i = 0; i < ops.Count; i++)
        {
            if (Refuse(ops[i], schema) is { } error)
            {
                return new Rejected(error, i);
            }
        }

        return null;
    }

    private static OvsdbError? Refuse(Op op, DatabaseSchema schema) =>
        op switch
        {
            InsertOp insert => Table(schema, insert.Table, out var table) ?? Row(table, insert.Row),
            SelectOp select => Table(schema, select.Table, out var table)
                ?? Conditions(table, select.Where)
                ?? Columns(table, select.Columns ?? []),
            UpdateOp update => Table(schema, update.Table, out var table)
                ?? Conditions(table, update.Where)
                ?? Row(table, update.Row)
                ?? Fixed(table, update.Row.Keys),
            MutateOp mutate => Table(schema, mutate.Table, out var table)
                ?? Conditions(table, mutate.Where)
                ?? Mutations(table, mutate.Mutations),
            DeleteOp delete => Table(schema, delete.Table, out var table) ?? Conditions(table, delete.Where),
            WaitOp wait => Table(schema, wait.Table, out var table)
                ?? Conditions(table, wait.Where)
                ?? Columns(table, wait.Columns)
                ?? Columns(table, wait.Rows.SelectMany(row => row.Keys)),
            _ => null,
        };

    private static OvsdbError? Table(DatabaseSchema schema, string name, out TableSchema table)
    {
        var found = schema.Table(name);
        table = found ?? new TableSchema(name, new Dictionary<string, ColumnSchema>(), false, []);
        return found is null
            ? new OvsdbError(OvsdbError.UnknownTable, $"No table named {name} in the schema of {schema.Name} {schema.Version}.")
            : null;
    }

    private static OvsdbError? Row(TableSchema table, IReadOnlyDictionary<string, OvsdbValue> row)
    {
        foreach (var (column, value) in row)
        {
            if (table.TypeOf(column) is not { } type)
            {
                return Lacks(table, column);
            }

            if (type.Refuses(value) is { } reason)
            {
                return new OvsdbError(OvsdbError.ConstraintViolation, $"Column {column} of table {table.Name}: {reason}.");
            }
        }
        return null;
    }

    private static OvsdbError? Conditions(TableSchema table, IReadOnlyList<Where> where)
    {
        foreach (var condition in where)
        {
            if (!table.HasColumn(condition.Column))
            {
                return Lacks(table, condition.Column);
            }
        }

        return null;
    }

    private static OvsdbError? Mutations(TableSchema table, IReadOnlyList<Mutation> mutations)
    {
        foreach (var mutation in mutations)
        {
            if (!table.HasColumn(mutation.Column))
            {
                return Lacks(table, mutation.Column);
            }
        }

        return Fixed(table, mutations.Select(mutation => mutation.Column));
    }

    private static OvsdbError? Columns(TableSchema table, IEnumerable<string> columns)
    {
        foreach (var column in columns)
        {
            if (!table.HasColumn(column))
            {
                return Lacks(table, column);
            }
        }

        return null;
    }

    private static OvsdbError? Fixed(TableSchema table, IEnumerable<string> columns) =>
        columns.FirstOrDefault(column => table.Columns.GetValueOrDefault(column) is not { IsMutable: true }) is { } column
            ? new OvsdbError(OvsdbError.ConstraintViolation, $"Column {column} of table {table.Name} cannot be changed.")
            : null;

    private static OvsdbError Lacks(TableSchema table, string column) =>
        new(OvsdbError.UnknownColumn, $"No column {column} in table {table.Name} of this server's schema.");
}
