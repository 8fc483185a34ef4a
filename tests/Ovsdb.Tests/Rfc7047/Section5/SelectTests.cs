namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.2.</summary>
public sealed class SelectTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Without_columns_all_are_read_those_of_every_table_too()
    {
        var uuid = await every.InsertAsync(Every.Parent, ("name", "all"));
        var row = await every.ReadAsync(Every.Parent, uuid);
        Assert.Equal(["_uuid", "_version", "children", "friend", "name"], row.Columns.Keys.Order());
        Assert.Equal((uuid, uuid), (row.Uuid, row["_uuid"].AsUuid()));
        Assert.NotEqual(Guid.Empty, row["_version"].AsUuid());
    }

    [Fact]
    public async Task Only_the_columns_asked_for_are_read()
    {
        var uuid = await every.InsertAsync(Every.Parent, ("name", "few"));
        var row = await every.ReadAsync(Every.Parent, uuid, "name");
        Assert.Equal(["name"], row.Columns.Keys);
        Assert.Equal(Guid.Empty, row.Uuid);
        Assert.True(row["friend"].IsEmpty);
        Assert.False(row.TryGet("friend", out _));
    }

    [Fact]
    public async Task What_the_operations_before_have_done_is_seen()
    {
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("name", "seen"))),
            Op.Select(Every.Parent, [Where.Equal("name", "seen")]),
            Op.Delete(Every.Parent, [Where.Equal("name", "seen")]),
            Op.Select(Every.Parent, [Where.Equal("name", "seen")])
        );
        Assert.Equal([1, 0], new[] { 1, 3 }.Select(i => results[i].Rows.Count));
    }

    [Fact]
    public async Task A_column_that_the_table_lacks_is_a_syntax_error()
    {
        var refusal = await every.RefusalAsync(Op.Select(Every.Parent, [], ["colour"]));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "colour is not a valid column name ([\"colour\"])"), refusal.Error);
    }

    [Fact]
    public async Task A_column_named_twice_is_a_syntax_error()
    {
        var refusal = await every.RefusalAsync(Op.Select(Every.Parent, [], ["name", "name"]));
        Assert.Equal(
            new OvsdbError(OvsdbError.SyntaxError, "array of distinct column names expected ([\"name\",\"name\"])"),
            refusal.Error
        );
    }
}
