namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.2.</summary>
public sealed class SelectTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Select_without_columns_returns_all_columns_including_the_implicit_ones()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "all"));
        var row = await allTypes.ReadAsync(AllTypesServer.Parent, uuid);
        Assert.Equal(["_uuid", "_version", "children", "friend", "name"], row.Columns.Keys.Order());
        Assert.Equal((uuid, uuid), (row.Uuid, row["_uuid"].AsUuid()));
        Assert.NotEqual(Guid.Empty, row["_version"].AsUuid());
    }

    [Fact]
    public async Task Select_returns_only_the_requested_columns()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "few"));
        var row = await allTypes.ReadAsync(AllTypesServer.Parent, uuid, "name");
        Assert.Equal(["name"], row.Columns.Keys);
        Assert.Equal(Guid.Empty, row.Uuid);
        Assert.True(row["friend"].IsEmpty);
        Assert.False(row.TryGet("friend", out _));
    }

    [Fact]
    public async Task Select_sees_the_changes_of_earlier_operations()
    {
        var results = await allTypes.CommitAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("name", "seen"))),
            Op.Select(AllTypesServer.Parent, [Where.Equal("name", "seen")]),
            Op.Delete(AllTypesServer.Parent, [Where.Equal("name", "seen")]),
            Op.Select(AllTypesServer.Parent, [Where.Equal("name", "seen")])
        );
        Assert.Equal([1, 0], new[] { 1, 3 }.Select(i => results[i].Rows.Count));
    }

    [Fact]
    public async Task Selecting_an_unknown_column_is_a_syntax_error()
    {
        var rejection = await allTypes.RejectionAsync(Op.Select(AllTypesServer.Parent, [], ["colour"]));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "colour is not a valid column name ([\"colour\"])"), rejection.Error);
    }

    [Fact]
    public async Task Selecting_a_column_twice_is_a_syntax_error()
    {
        var rejection = await allTypes.RejectionAsync(Op.Select(AllTypesServer.Parent, [], ["name", "name"]));
        Assert.Equal(
            new OvsdbError(OvsdbError.SyntaxError, "array of distinct column names expected ([\"name\",\"name\"])"),
            rejection.Error
        );
    }
}
