namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.3.</summary>
public sealed class UpdateTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task The_columns_given_are_set_in_every_row_that_matches_and_the_others_stay()
    {
        var mark = Guid.NewGuid();
        var uuids = new[]
        {
            await every.InsertAsync(Every.Table, ("uuid", mark), ("string", "a")),
            await every.InsertAsync(Every.Table, ("uuid", mark), ("string", "b")),
        };
        var other = await every.InsertAsync(Every.Table);
        var result = await every.CommitAsync(
            Op.Update(Every.Table, [Where.Equal("uuid", mark)], Nb.Row(("integer", 5), ("integers", OvsdbValue.Set([1L, 2L]))))
        );
        Assert.Equal(2, result[0].Count);
        var rows = new[]
        {
            await every.ReadAsync(Every.Table, uuids[0]),
            await every.ReadAsync(Every.Table, uuids[1]),
            await every.ReadAsync(Every.Table, other),
        };
        Assert.Equal(
            [("a", 5, 2), ("b", 5, 2), ("", 0, 0)],
            rows.Select(row => (row["string"].AsString(), row["integer"].AsInteger(), row["integers"].Count))
        );
    }

    [Fact]
    public async Task A_row_that_is_gone_is_no_error_but_a_count_of_0() =>
        Assert.Equal(0, (await every.CommitAsync(Op.Update(Every.Table, [Where.Uuid(Guid.NewGuid())], Nb.Row(("integer", 5)))))[0].Count);

    [Fact]
    public async Task A_rows_uuid_cannot_be_changed()
    {
        var refusal = await every.RefusalAsync(Op.Update(Every.Parent, [], Nb.Row(("_uuid", Guid.NewGuid()))));
        Assert.Equal(OvsdbError.ConstraintViolation, refusal.Error.Error);
        Assert.Contains("Cannot update immutable column _uuid in table Parent.", refusal.Error.Details);
    }

    [Fact]
    public async Task Keys_of_an_index_can_be_swapped_in_one_transaction()
    {
        var (a, b) = (await every.InsertAsync(Every.Limited, ("name", "a")), await every.InsertAsync(Every.Limited, ("name", "b")));
        await every.CommitAsync(
            Op.Update(Every.Limited, [Where.Uuid(a)], Nb.Row(("name", "b"))),
            Op.Update(Every.Limited, [Where.Uuid(b)], Nb.Row(("name", "a")))
        );
        Assert.Equal("b", (await every.ReadAsync(Every.Limited, a))["name"].AsString());
    }
}
