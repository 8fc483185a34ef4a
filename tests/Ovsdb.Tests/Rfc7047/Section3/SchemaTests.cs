using System.Text.Json;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §3.2: what a schema says, as the server gives it, and what it forbids, before sending and by the server.</summary>
public sealed class SchemaTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Database_and_tables_are_as_they_were_written()
    {
        var schema = await SchemaAsync();
        Assert.Equal((Every.Name, "1.2.3"), (schema.Name, schema.Version));
        Assert.Equal([Every.Child, Every.Table, Every.Few, Every.Limited, Every.Parent], schema.Tables.Keys.Order());
        Assert.Equal([false, true], new[] { Every.Child, Every.Parent }.Select(table => schema.Table(table)!.IsRoot));
        Assert.Equal(["name"], Assert.Single(schema.Table(Every.Limited)!.Indexes));
        Assert.Null(schema.Table("Nonsense"));
        Assert.Equal(
            [true, true, true, false],
            new[] { "_uuid", "_version", "name", "nonsense" }.Select(column => schema.HasColumn(Every.Limited, column))
        );
    }

    [Fact]
    public async Task Columns_have_their_types()
    {
        var columns = (await SchemaAsync()).Table(Every.Table)!.Columns;
        Assert.Equal((OvsdbKind.Integer, null, 1, 1), Shape("integer"));
        Assert.Equal((OvsdbKind.Real, null, 0, 1), Shape("optional_real"));
        Assert.Equal((OvsdbKind.Boolean, null, 0, 2), Shape("booleans"));
        Assert.Equal((OvsdbKind.Uuid, null, 0, int.MaxValue), Shape("uuids"));
        Assert.Equal((OvsdbKind.Integer, null, 1, 3), Shape("one_to_three"));
        Assert.Equal((OvsdbKind.Integer, OvsdbKind.Real, 0, int.MaxValue), Shape("integer_to_real"));
        Assert.Equal((OvsdbKind.String, OvsdbKind.Integer, 1, 1), Shape("exactly_one_pair"));

        (OvsdbKind, OvsdbKind?, int, int) Shape(string column) =>
            columns[column].Type is var type ? (type.Key.Type, type.Value?.Type, type.Min, type.Max) : default;
    }

    [Fact]
    public async Task Columns_have_their_limits()
    {
        var columns = (await SchemaAsync()).Table(Every.Limited)!.Columns;
        Assert.Equal(["blue", "green", "red"], columns["colour"].Type.Key.Enum!.Select(colour => colour.AsString()));
        Assert.Equal((0, 100), (columns["percent"].Type.Key.MinInteger, columns["percent"].Type.Key.MaxInteger));
        Assert.Equal((-0.5, 0.5), (columns["ratio"].Type.Key.MinReal, columns["ratio"].Type.Key.MaxReal));
        Assert.Equal((2, 4), (columns["code"].Type.Key.MinLength, columns["code"].Type.Key.MaxLength));
        Assert.Equal([true, false], new[] { "name", "fixed" }.Select(column => columns[column].IsMutable));
        Assert.Equal([false, true], new[] { "name", "passing" }.Select(column => columns[column].IsEphemeral));
        var references = (await SchemaAsync()).Table(Every.Parent)!.Columns;
        Assert.Equal((Every.Child, false), (references["children"].Type.Key.RefTable, references["children"].Type.Key.IsWeakReference));
        Assert.True(references["friend"].Type.Key.IsWeakReference);
    }

    [Fact]
    public async Task A_columns_default_is_the_servers()
    {
        var row = await every.ReadAsync(Every.Table, await every.InsertAsync(Every.Table));
        foreach (var column in (await SchemaAsync()).Table(Every.Table)!.Columns.Values)
        {
            Assert.Equal(row[column.Name], column.Type.Default);
        }
    }

    // What the server says, and what is said before sending: the same name.
    [Theory]
    [InlineData("colour", "\"black\"", "black is not one of the allowed values ([blue, green, red])")]
    [InlineData("percent", "101", "101 is not in the valid range 0 to 100 (inclusive)")]
    [InlineData("percent", "-1", "-1 is not in the valid range 0 to 100 (inclusive)")]
    [InlineData("ratio", "0.6", "0.6 is not in the valid range -0.5 to 0.5 (inclusive)")]
    [InlineData("code", "\"x\"", "\"x\" length 1 is less than minimum allowed length 2")]
    [InlineData("code", "\"xxxxx\"", "\"xxxxx\" length 5 is greater than maximum allowed length 4")]
    [InlineData("code", "[\"set\",[\"aa\",\"€€€€€\"]]", "\"€€€€€\" length 5 is greater than maximum allowed length 4")]
    public async Task A_value_beyond_the_limits_is_a_constraint_violation(string column, string json, string details)
    {
        var insert = Op.Insert(Every.Limited, Nb.Row((column, ValueReader.Parse(json))));
        Assert.Equal(new OvsdbError(OvsdbError.ConstraintViolation, details), (await every.RefusalAsync(insert)).Error);
        Assert.Equal(OvsdbError.ConstraintViolation, (await EarlyAsync(insert)).Error);
    }

    [Theory]
    [InlineData("percent", "[\"set\",[]]", "set must have exactly one member but 0 are present")]
    [InlineData("code", "[\"set\",[\"aa\",\"bb\",\"cc\",\"dd\"]]", "set must have 0 to 3 members but 4 are present")]
    [InlineData("percent", "\"x\"", "expected integer")]
    [InlineData("code", "[\"map\",[[\"aa\",\"bb\"]]]", "expected string")]
    public async Task A_value_of_another_type_is_a_syntax_error_to_the_server_and_not_sent_to_it(string column, string json, string details)
    {
        var insert = Op.Insert(Every.Limited, Nb.Row((column, ValueReader.Parse(json))));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, $"{details} ({json})"), (await every.RefusalAsync(insert)).Error);
        Assert.Equal(OvsdbError.ConstraintViolation, (await EarlyAsync(insert)).Error);
    }

    [Fact]
    public async Task What_the_schema_lacks_is_refused()
    {
        Op[] ops =
        [
            Op.Insert(Every.Few, Nb.Row(("colour", 1))),
            Op.Select(Every.Few, [], ["colour"]),
            Op.Select(Every.Few, [Where.Equal("colour", 1)]),
            Op.Update(Every.Few, [], Nb.Row(("colour", 1))),
            Op.Update(Every.Few, [Where.Equal("colour", 1)], Nb.Row()),
            Op.Mutate(Every.Few, [], Mutation.Add("colour", 1)),
            Op.Mutate(Every.Few, [Where.Equal("colour", 1)]),
            Op.Delete(Every.Few, [Where.Equal("colour", 1)]),
            Op.Wait(Every.Few, [], ["colour"], "==", []),
            Op.Wait(Every.Few, [], ["name"], "==", [Nb.Row(("colour", 1))]),
            Op.Wait(Every.Few, [Where.Equal("colour", 1)], ["name"], "==", []),
        ];
        foreach (var op in ops)
        {
            Assert.Contains((await every.RefusalAsync(op)).Error.Error, new[] { OvsdbError.UnknownColumn, OvsdbError.SyntaxError });
            Assert.Equal(
                new OvsdbError(OvsdbError.UnknownColumn, "No column colour in table Few of this server's schema."),
                await EarlyAsync(op)
            );
        }
        var refusal = await every.RefusalAsync(Op.Delete("Nonsense", []));
        Assert.Equal(
            (OvsdbError.SyntaxError, true),
            (refusal.Error.Error, refusal.Error.Details!.Contains("No table named Nonsense.", StringComparison.Ordinal))
        );
        Assert.Equal(OvsdbError.UnknownTable, (await EarlyAsync(Op.Delete("Nonsense", []))).Error);
    }

    [Fact]
    public async Task A_column_that_cannot_change_is_set_at_insert_only()
    {
        var uuid = await every.InsertAsync(Every.Limited, ("name", "fixed"), ("fixed", "a"));
        Op[] ops =
        [
            Op.Update(Every.Limited, [Where.Uuid(uuid)], Nb.Row(("fixed", "b"))),
            Op.Mutate(Every.Limited, [Where.Uuid(uuid)], Mutation.Add("fixed", 1)),
        ];
        foreach (var (op, verb) in ops.Zip(["update", "mutate"]))
        {
            var refusal = await every.RefusalAsync(op);
            Assert.Equal(OvsdbError.ConstraintViolation, refusal.Error.Error);
            Assert.Contains($"Cannot {verb} immutable column fixed in table Limited.", refusal.Error.Details);
            Assert.Equal(
                new OvsdbError(OvsdbError.ConstraintViolation, "Column fixed of table Limited is immutable."),
                await EarlyAsync(op)
            );
        }
    }

    [Fact]
    public async Task A_table_with_a_greatest_number_of_rows_takes_no_more()
    {
        var refusal = await every.RefusalAsync(
            Op.Insert(Every.Few, Nb.Row()),
            Op.Insert(Every.Few, Nb.Row()),
            Op.Insert(Every.Few, Nb.Row())
        );
        Assert.Equal((3, OvsdbError.ConstraintViolation), (refusal.OpIndex, refusal.Error.Error));
        Assert.Equal(
            "transaction causes \"Few\" table to contain 3 rows, greater than the schema-defined limit of 2 row(s)",
            refusal.Error.Details
        );
    }

    [Fact]
    public async Task An_ephemeral_column_is_lost_with_the_server()
    {
        await using var other = new Every();
        await other.InitializeAsync();
        var uuid = await other.InsertAsync(Every.Limited, ("name", "a"), ("passing", "b"));
        await other.Server.StopAsync();
        await other.Server.StartAsync();
        await using var connection = await other.ConnectAsync();
        var row = (await connection.TransactAsync(Every.Name, [Op.Select(Every.Limited, [Where.Uuid(uuid)])], Ct))
            .MustCommit()[0]
            .Rows.Single();
        Assert.Equal(("a", ""), (row["name"].AsString(), row["passing"].AsString()));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"name":5,"tables":{}}""")]
    [InlineData("""{"name":"a","tables":{"t":{}}}""")]
    [InlineData("""{"name":"a","tables":{"t":{"columns":{"c":{"type":"text"}}}}}""")]
    [InlineData("""{"name":"a","tables":{"t":{"columns":{"c":{"type":{"key":"string","max":"some"}}}}}}""")]
    public void What_is_no_schema_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => DatabaseSchema.Parse(json));

    private async Task<DatabaseSchema> SchemaAsync()
    {
        await using var connection = await every.ConnectAsync();
        return await connection.GetSchemaAsync(Every.Name, Ct);
    }

    private async Task<OvsdbError> EarlyAsync(Op op)
    {
        await using var connection = await every.ConnectCheckedAsync();
        return Assert.IsType<Rejected>(await connection.TransactAsync(Every.Name, [op], Ct)).Error;
    }
}
