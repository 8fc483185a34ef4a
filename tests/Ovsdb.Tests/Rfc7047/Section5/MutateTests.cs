namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.4. For the effect of each mutator, see <see cref="MutationTests"/>.</summary>
public sealed class MutateTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Mutations_are_applied_in_order_to_every_matching_row()
    {
        var mark = Guid.NewGuid();
        await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("integer", 1));
        await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("integer", 2));
        var where = new[] { Where.Equal("uuid", mark) };
        var results = await allTypes.CommitAsync(
            Op.Mutate(
                AllTypesServer.Table,
                where,
                Mutation.Add("integer", 1),
                new Mutation("integer", "*=", 10),
                Mutation.Insert("strings", "x")
            ),
            Op.Select(AllTypesServer.Table, where)
        );
        Assert.Equal(2, results[0].Count);
        Assert.Equal(
            [(20, "x"), (30, "x")],
            results[1].Rows.Select(row => (row["integer"].AsInteger(), row["strings"].AsString())).Order()
        );
    }

    [Fact]
    public async Task Mutating_a_missing_row_returns_a_count_of_0() =>
        Assert.Equal(
            0,
            (await allTypes.CommitAsync(Op.Mutate(AllTypesServer.Table, [Where.Uuid(Guid.NewGuid())], Mutation.Add("integer", 1))))[0].Count
        );

    [Fact]
    public async Task A_failed_mutation_of_one_row_changes_no_row()
    {
        var mark = Guid.NewGuid();
        await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("integer", 1));
        await allTypes.InsertAsync(AllTypesServer.Table, ("uuid", mark), ("integer", long.MaxValue));
        var where = new[] { Where.Equal("uuid", mark) };
        Assert.Equal(
            OvsdbError.RangeError,
            (await allTypes.RejectionAsync(Op.Mutate(AllTypesServer.Table, where, Mutation.Add("integer", 1)))).Error.Error
        );
        var rows = (await allTypes.CommitAsync(Op.Select(AllTypesServer.Table, where)))[0].Rows;
        Assert.Equal([1, long.MaxValue], rows.Select(row => row["integer"].AsInteger()).Order());
    }
}
