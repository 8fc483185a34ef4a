namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.3: operations and their results.</summary>
public sealed class TransactMethodTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Every_operation_returns_its_result()
    {
        var parent = Guid.NewGuid();
        var results = await allTypes.CommitAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("name", "p"), ("children", OvsdbValue.NamedUuid("child"))), parent),
            Op.Insert(AllTypesServer.Child, Nb.Row(("name", "c")), uuidName: "child"),
            Op.Update(AllTypesServer.Child, [Where.Equal("name", "c")], Nb.Row(("name", "d"))),
            Op.Mutate(AllTypesServer.Parent, [Where.Uuid(parent)], Mutation.Insert("friend", OvsdbValue.NamedUuid("child"))),
            Op.Wait(AllTypesServer.Child, [Where.Equal("name", "d")], ["name"], "==", [Nb.Row(("name", "d"))]),
            Op.Select(AllTypesServer.Parent, [Where.Uuid(parent)], ["_uuid", "name", "children", "friend"]),
            Op.Comment("all of them"),
            Op.Delete(AllTypesServer.Parent, [Where.Uuid(parent)]),
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
    public async Task A_transaction_without_operations_commits() => Assert.Empty(await allTypes.CommitAsync());

    [Fact]
    public async Task Operations_after_a_failed_one_are_not_executed()
    {
        var rejection = await allTypes.RejectionAsync(Op.Comment(""), Op.Abort(), Op.Insert("Nonsense", Nb.Row()), Op.Comment(""));
        Assert.Equal((1, OvsdbError.Aborted), (rejection.OpIndex, rejection.Error.Error));
    }

    [Fact]
    public async Task Concurrent_transactions_receive_their_own_answers()
    {
        var names = Enumerable.Range(0, 500).Select(i => $"many {i}").ToArray();
        var inserts = await Task.WhenAll(names.Select(name => allTypes.InsertAsync(AllTypesServer.Parent, ("name", name))));
        var rows = await Task.WhenAll(inserts.Select(uuid => allTypes.ReadAsync(AllTypesServer.Parent, uuid, "name")));
        Assert.Equal(names, rows.Select(row => row["name"].AsString()));
    }
}
