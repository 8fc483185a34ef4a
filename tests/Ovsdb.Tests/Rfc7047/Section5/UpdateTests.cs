namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.3.</summary>
public sealed class UpdateTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Update_sets_the_given_columns_of_every_matching_row_and_no_others()
    {
        var mark = Guid.NewGuid();
        var uuids = new[]
        {
            await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("string", "a")),
            await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("string", "b")),
        };
        var other = await allTypes.InsertAsync(AllTypesServer.Table);
        var result = await allTypes.CommitAsync(
            Op.Update(AllTypesServer.Table, [Where.Equal("uuid", mark)], Nb.Row(("integer", 5), ("integers", OvsdbValue.Set([1L, 2L]))))
        );
        Assert.Equal(2, result[0].Count);
        var rows = new[]
        {
            await allTypes.ReadAsync(AllTypesServer.Table, uuids[0]),
            await allTypes.ReadAsync(AllTypesServer.Table, uuids[1]),
            await allTypes.ReadAsync(AllTypesServer.Table, other),
        };
        Assert.Equal(
            [("a", 5, 2), ("b", 5, 2), ("", 0, 0)],
            rows.Select(row => (row["string"].AsString(), row["integer"].AsInteger(), row["integers"].Count))
        );
    }

    [Fact]
    public async Task Updating_a_missing_row_returns_a_count_of_0() =>
        Assert.Equal(
            0,
            (await allTypes.CommitAsync(Op.Update(AllTypesServer.Table, [Where.Uuid(Guid.NewGuid())], Nb.Row(("integer", 5)))))[0].Count
        );

    [Fact]
    public async Task The_UUID_of_a_row_cannot_be_changed()
    {
        var rejection = await allTypes.RejectionAsync(Op.Update(AllTypesServer.Parent, [], Nb.Row(("_uuid", Guid.NewGuid()))));
        Assert.Equal(OvsdbError.ConstraintViolation, rejection.Error.Error);
        Assert.Contains("Cannot update immutable column _uuid in table Parent.", rejection.Error.Details);
    }

    [Fact]
    public async Task Two_rows_can_swap_their_index_keys_in_one_transaction()
    {
        var (a, b) = (
            await allTypes.InsertAsync(AllTypesServer.Limited, ("name", "a")),
            await allTypes.InsertAsync(AllTypesServer.Limited, ("name", "b"))
        );
        await allTypes.CommitAsync(
            Op.Update(AllTypesServer.Limited, [Where.Uuid(a)], Nb.Row(("name", "b"))),
            Op.Update(AllTypesServer.Limited, [Where.Uuid(b)], Nb.Row(("name", "a")))
        );
        Assert.Equal("b", (await allTypes.ReadAsync(AllTypesServer.Limited, a))["name"].AsString());
    }
}
