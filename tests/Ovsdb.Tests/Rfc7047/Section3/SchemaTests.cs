using System.Text.Json;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §3.2: the contents of a schema, and the operations that the client and the server reject because of it.</summary>
public sealed class SchemaTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_schema_has_the_database_and_tables_as_they_were_written()
    {
        var schema = await SchemaAsync();
        Assert.Equal((AllTypesServer.Name, "1.2.3"), (schema.Name, schema.Version));
        Assert.Equal(
            [AllTypesServer.Child, AllTypesServer.Table, AllTypesServer.Few, AllTypesServer.Limited, AllTypesServer.Parent],
            schema.Tables.Keys.Order()
        );
        Assert.Equal([false, true], new[] { AllTypesServer.Child, AllTypesServer.Parent }.Select(table => schema.Table(table)!.IsRoot));
        Assert.Equal(["name"], Assert.Single(schema.Table(AllTypesServer.Limited)!.Indexes));
        Assert.Null(schema.Table("Nonsense"));
        Assert.Equal(
            [true, true, true, false],
            new[] { "_uuid", "_version", "name", "nonsense" }.Select(column => schema.HasColumn(AllTypesServer.Limited, column))
        );
    }

    [Fact]
    public async Task The_schema_has_the_types_of_columns()
    {
        var columns = (await SchemaAsync()).Table(AllTypesServer.Table)!.Columns;
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
    public async Task The_schema_has_the_constraints_of_columns()
    {
        var columns = (await SchemaAsync()).Table(AllTypesServer.Limited)!.Columns;
        Assert.Equal(["blue", "green", "red"], columns["colour"].Type.Key.Enum!.Select(colour => colour.AsString()));
        Assert.Equal((0, 100), (columns["percent"].Type.Key.MinInteger, columns["percent"].Type.Key.MaxInteger));
        Assert.Equal((-0.5, 0.5), (columns["ratio"].Type.Key.MinReal, columns["ratio"].Type.Key.MaxReal));
        Assert.Equal((2, 4), (columns["code"].Type.Key.MinLength, columns["code"].Type.Key.MaxLength));
        Assert.Equal([true, false], new[] { "name", "fixed" }.Select(column => columns[column].IsMutable));
        Assert.Equal([false, true], new[] { "name", "passing" }.Select(column => columns[column].IsEphemeral));
        var references = (await SchemaAsync()).Table(AllTypesServer.Parent)!.Columns;
        Assert.Equal(
            (AllTypesServer.Child, false),
            (references["children"].Type.Key.RefTable, references["children"].Type.Key.IsWeakReference)
        );
        Assert.True(references["friend"].Type.Key.IsWeakReference);
    }

    [Fact]
    public async Task The_default_of_a_column_type_equals_the_servers_default()
    {
        var row = await allTypes.ReadAsync(AllTypesServer.Table, await allTypes.InsertAsync(AllTypesServer.Table));
        foreach (var column in (await SchemaAsync()).Table(AllTypesServer.Table)!.Columns.Values)
        {
            Assert.Equal(row[column.Name], column.Type.Default);
        }
    }

    // The client rejects the value before sending with the same kind of error as the server.
    [Theory]
    [InlineData("colour", "\"black\"", "black is not one of the allowed values ([blue, green, red])")]
    [InlineData("percent", "101", "101 is not in the valid range 0 to 100 (inclusive)")]
    [InlineData("percent", "-1", "-1 is not in the valid range 0 to 100 (inclusive)")]
    [InlineData("ratio", "0.6", "0.6 is not in the valid range -0.5 to 0.5 (inclusive)")]
    [InlineData("code", "\"x\"", "\"x\" length 1 is less than minimum allowed length 2")]
    [InlineData("code", "\"xxxxx\"", "\"xxxxx\" length 5 is greater than maximum allowed length 4")]
    [InlineData("code", "[\"set\",[\"aa\",\"€€€€€\"]]", "\"€€€€€\" length 5 is greater than maximum allowed length 4")]
    public async Task A_value_outside_the_constraints_is_rejected_before_sending_and_by_the_server(
        string column,
        string json,
        string details
    )
    {
        var insert = Op.Insert(AllTypesServer.Limited, Nb.Row((column, ValueReader.Parse(json))));
        Assert.Equal(new OvsdbError(OvsdbError.ConstraintViolation, details), (await allTypes.RejectionAsync(insert)).Error);
        Assert.Equal(OvsdbError.ConstraintViolation, (await RejectBeforeSendingAsync(insert)).Error);
    }

    [Theory]
    [InlineData("percent", "[\"set\",[]]", "set must have exactly one member but 0 are present")]
    [InlineData("code", "[\"set\",[\"aa\",\"bb\",\"cc\",\"dd\"]]", "set must have 0 to 3 members but 4 are present")]
    [InlineData("percent", "\"x\"", "expected integer")]
    [InlineData("code", "[\"map\",[[\"aa\",\"bb\"]]]", "expected string")]
    public async Task A_value_of_another_type_is_rejected_before_sending_and_by_the_server(string column, string json, string details)
    {
        var insert = Op.Insert(AllTypesServer.Limited, Nb.Row((column, ValueReader.Parse(json))));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, $"{details} ({json})"), (await allTypes.RejectionAsync(insert)).Error);
        Assert.Equal(OvsdbError.ConstraintViolation, (await RejectBeforeSendingAsync(insert)).Error);
    }

    [Fact]
    public async Task Unknown_tables_and_columns_are_rejected_before_sending_and_by_the_server()
    {
        Op[] ops =
        [
            Op.Insert(AllTypesServer.Few, Nb.Row(("colour", 1))),
            Op.Select(AllTypesServer.Few, [], ["colour"]),
            Op.Select(AllTypesServer.Few, [Where.Equal("colour", 1)]),
            Op.Update(AllTypesServer.Few, [], Nb.Row(("colour", 1))),
            Op.Update(AllTypesServer.Few, [Where.Equal("colour", 1)], Nb.Row()),
            Op.Mutate(AllTypesServer.Few, [], Mutation.Add("colour", 1)),
            Op.Mutate(AllTypesServer.Few, [Where.Equal("colour", 1)]),
            Op.Delete(AllTypesServer.Few, [Where.Equal("colour", 1)]),
            Op.Wait(AllTypesServer.Few, [], ["colour"], "==", []),
            Op.Wait(AllTypesServer.Few, [], ["name"], "==", [Nb.Row(("colour", 1))]),
            Op.Wait(AllTypesServer.Few, [Where.Equal("colour", 1)], ["name"], "==", []),
        ];
        foreach (var op in ops)
        {
            Assert.Contains((await allTypes.RejectionAsync(op)).Error.Error, new[] { OvsdbError.UnknownColumn, OvsdbError.SyntaxError });
            Assert.Equal(
                new OvsdbError(OvsdbError.UnknownColumn, "No column colour in table Few of this server's schema."),
                await RejectBeforeSendingAsync(op)
            );
        }
        var rejection = await allTypes.RejectionAsync(Op.Delete("Nonsense", []));
        Assert.Equal(
            (OvsdbError.SyntaxError, true),
            (rejection.Error.Error, rejection.Error.Details!.Contains("No table named Nonsense.", StringComparison.Ordinal))
        );
        Assert.Equal(OvsdbError.UnknownTable, (await RejectBeforeSendingAsync(Op.Delete("Nonsense", []))).Error);
    }

    [Fact]
    public async Task An_immutable_column_can_be_set_only_by_an_insert()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Limited, ("name", "fixed"), ("fixed", "a"));
        Op[] ops =
        [
            Op.Update(AllTypesServer.Limited, [Where.Uuid(uuid)], Nb.Row(("fixed", "b"))),
            Op.Mutate(AllTypesServer.Limited, [Where.Uuid(uuid)], Mutation.Add("fixed", 1)),
        ];
        foreach (var (op, verb) in ops.Zip(["update", "mutate"]))
        {
            var rejection = await allTypes.RejectionAsync(op);
            Assert.Equal(OvsdbError.ConstraintViolation, rejection.Error.Error);
            Assert.Contains($"Cannot {verb} immutable column fixed in table Limited.", rejection.Error.Details);
            Assert.Equal(
                new OvsdbError(OvsdbError.ConstraintViolation, "Column fixed of table Limited is immutable."),
                await RejectBeforeSendingAsync(op)
            );
        }
    }

    [Fact]
    public async Task A_table_rejects_rows_above_its_maximum_number_of_rows()
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Insert(AllTypesServer.Few, Nb.Row()),
            Op.Insert(AllTypesServer.Few, Nb.Row()),
            Op.Insert(AllTypesServer.Few, Nb.Row())
        );
        Assert.Equal((3, OvsdbError.ConstraintViolation), (rejection.OpIndex, rejection.Error.Error));
        Assert.Equal(
            "transaction causes \"Few\" table to contain 3 rows, greater than the schema-defined limit of 2 row(s)",
            rejection.Error.Details
        );
    }

    [Fact]
    public async Task An_ephemeral_column_is_reset_when_the_server_restarts()
    {
        await using var other = new AllTypesServer();
        await other.InitializeAsync();
        var uuid = await other.InsertAsync(AllTypesServer.Limited, ("name", "a"), ("passing", "b"));
        await other.Server.StopAsync();
        await other.Server.StartAsync();
        await using var connection = await other.ConnectAsync();
        var row = (await connection.TransactAsync(AllTypesServer.Name, [Op.Select(AllTypesServer.Limited, [Where.Uuid(uuid)])], Ct))
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
    public void An_invalid_schema_is_rejected(string json) => Assert.ThrowsAny<JsonException>(() => DatabaseSchema.Parse(json));

    private async Task<DatabaseSchema> SchemaAsync()
    {
        await using var connection = await allTypes.ConnectAsync();
        return await connection.GetSchemaAsync(AllTypesServer.Name, Ct);
    }

    private async Task<OvsdbError> RejectBeforeSendingAsync(Op op)
    {
        await using var connection = await allTypes.ConnectCheckedAsync();
        return Assert.IsType<Rejected>(await connection.TransactAsync(AllTypesServer.Name, [op], Ct)).Error;
    }
}
