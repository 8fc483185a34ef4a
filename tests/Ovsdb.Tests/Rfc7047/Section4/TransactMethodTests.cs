namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.3: operations in, results out.</summary>
public sealed class TransactMethodTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Every_operation_gives_its_result()
    {
        var parent = Guid.NewGuid();
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("name", "p"), ("children", OvsdbValue.NamedUuid("child"))), parent),
            Op.Insert(Every.Child, Nb.Row(("name", "c")), uuidName: "child"),
            Op.Update(Every.Child, [Where.Equal("name", "c")], Nb.Row(("name", "d"))),
            Op.Mutate(Every.Parent, [Where.Uuid(parent)], Mutation.Insert("friend", OvsdbValue.NamedUuid("child"))),
            Op.Wait(Every.Child, [Where.Equal("name", "d")], ["name"], "==", [Nb.Row(("name", "d"))]),
            Op.Select(Every.Parent, [Where.Uuid(parent)], ["_uuid", "name", "children", "friend"]),
            Op.Comment("all of them"),
            Op.Delete(Every.Parent, [Where.Uuid(parent)]),
            Op.Commit(durable: true)
        );
        Assert.Equal([0, 0, 1, 1, 0, 0, 0, 1, 0], results.Select(result => result.Count));
        Assert.Equal([true, true, false, false, false, false, false, false, false], results.Select(result => result.Uuid is not null));
        var row = Assert.Single(results[5].Rows);
        var child = results[1].Uuid!.Value;
        Assert.Equal(
            (parent, "p", child, child),
            (row.Uuid, row["name"].AsString(), row["children"].AsUuid(), row["friend"].AsOptionalUuid())
        );
    }

    [Fact]
    public async Task None_at_all_is_a_transaction_too() => Assert.Empty(await every.CommitAsync());

    [Fact]
    public async Task Behind_one_that_fails_nothing_is_looked_at()
    {
        var refusal = await every.RefusalAsync(Op.Comment(""), Op.Abort(), Op.Insert("Nonsense", Nb.Row()), Op.Comment(""));
        Assert.Equal((1, OvsdbError.Aborted), (refusal.OpIndex, refusal.Error.Error));
    }

    [Fact]
    public async Task Many_in_flight_are_answered_each_with_its_own()
    {
        var names = Enumerable.Range(0, 500).Select(i => $"many {i}").ToArray();
        var inserts = await Task.WhenAll(names.Select(name => every.InsertAsync(Every.Parent, ("name", name))));
        var rows = await Task.WhenAll(inserts.Select(uuid => every.ReadAsync(Every.Parent, uuid, "name")));
        Assert.Equal(names, rows.Select(row => row["name"].AsString()));
    }
}
