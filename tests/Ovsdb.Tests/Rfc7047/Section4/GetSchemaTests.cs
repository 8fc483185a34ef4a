using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.2.</summary>
public sealed class GetSchemaTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requesting_the_schema_of_an_unknown_database_is_an_error()
    {
        var error = await Assert.ThrowsAsync<OvsdbException>(() => allTypes.Connection.GetSchemaAsync("Nonsense", Ct));
        Assert.Equal(
            new OvsdbError(OvsdbError.UnknownDatabase, "get_schema request specifies unknown database Nonsense ([\"Nonsense\"])"),
            error.Error
        );
    }

    [Fact]
    public async Task After_the_schema_is_read_invalid_transactions_are_not_sent()
    {
        await using var connection = await allTypes.ConnectAsync();
        Op[] ops = [Op.Comment(""), Op.Insert(AllTypesServer.Few, Nb.Row(("colour", 1)))];
        var before = Assert.IsType<Rejected>(await connection.TransactAsync(AllTypesServer.Name, ops, Ct));
        await connection.GetSchemaAsync(AllTypesServer.Name, Ct);
        var after = Assert.IsType<Rejected>(await connection.TransactAsync(AllTypesServer.Name, ops, Ct));
        Assert.Equal((before.Error.Error, before.OpIndex), (after.Error.Error, after.OpIndex));
        Assert.Contains("this server's schema", after.Error.Details);
    }

    [Theory]
    [InlineData(OvsdbServer.Northbound, "OVN_Northbound")]
    [InlineData(OvsdbServer.OpenVSwitch, "Open_vSwitch")]
    public async Task The_schemas_of_OVN_and_Open_vSwitch_can_be_read(string path, string name)
    {
        await using var server = await OvsdbServer.StartNewAsync(path);
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var schema = await connection.GetSchemaAsync(name, Ct);
        var written = DatabaseSchema.Parse(await File.ReadAllTextAsync(path, Ct));
        Assert.Equal(written.Version, schema.Version);
        Assert.Equal(Columns(written), Columns(schema));

        static IEnumerable<string> Columns(DatabaseSchema schema) =>
            schema
                .Tables.Values.SelectMany(table =>
                    table.Columns.Values.Select(column =>
                        $"{table.Name}.{column.Name} {column.Type.Key.Type} {column.Type.Value?.Type} {column.Type.Min} {column.Type.Max}"
                    )
                )
                .Order();
    }
}
