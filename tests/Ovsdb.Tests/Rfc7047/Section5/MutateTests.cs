namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.4; what a mutator does to a column is in <see cref="MutationTests"/>.</summary>
public sealed class MutateTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Several_mutations_are_done_in_their_order_to_every_row_that_matches()
    {
        var mark = Guid.NewGuid();
        await every.InsertAsync(Every.Table, ("uuid", mark), ("integer", 1));
        await every.InsertAsync(Every.Table, ("uuid", mark), ("integer", 2));
        var where = new[] { Where.Equal("uuid", mark) };
        var results = await every.CommitAsync(
            Op.Mutate(Every.Table, where, Mutation.Add("integer", 1), new Mutation("integer", "*=", 10), Mutation.Insert("strings", "x")),
            Op.Select(Every.Table, where)
        );
        Assert.Equal(2, results[0].Count);
        Assert.Equal(
            [(20, "x"), (30, "x")],
            results[1].Rows.Select(row => (row["integer"].AsInteger(), row["strings"].AsString())).Order()
        );
    }

    [Fact]
    public async Task A_row_that_is_gone_is_no_error_but_a_count_of_0() =>
        Assert.Equal(
            0,
            (await every.CommitAsync(Op.Mutate(Every.Table, [Where.Uuid(Guid.NewGuid())], Mutation.Add("integer", 1))))[0].Count
        );

    [Fact]
    public async Task A_failure_in_one_row_undoes_the_others()
    {
        var mark = Guid.NewGuid();
        await every.InsertAsync(Every.Table, ("uuid", mark), ("integer", 1));
        await every.InsertAsync(Every.Table, ("uuid", mark), ("integer", long.MaxValue));
        var where = new[] { Where.Equal("uuid", mark) };
        Assert.Equal(
            OvsdbError.RangeError,
            (await every.RefusalAsync(Op.Mutate(Every.Table, where, Mutation.Add("integer", 1)))).Error.Error
        );
        var rows = (await every.CommitAsync(Op.Select(Every.Table, where)))[0].Rows;
        Assert.Equal([1, long.MaxValue], rows.Select(row => row["integer"].AsInteger()).Order());
    }
}
