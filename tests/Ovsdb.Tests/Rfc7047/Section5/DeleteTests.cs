namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.5.</summary>
public sealed class DeleteTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Every_row_that_matches_is_gone()
    {
        foreach (var name in (string[])["a", "a", "b"])
        {
            await every.InsertAsync(Every.Parent, ("name", name));
        }

        var results = await every.CommitAsync(
            Op.Delete(Every.Parent, [Where.Equal("name", "a")]),
            Op.Select(Every.Parent, [new Where("name", "!=", "")])
        );
        Assert.Equal((2, "b"), (results[0].Count, Assert.Single(results[1].Rows)["name"].AsString()));
    }

    [Fact]
    public async Task What_only_the_deleted_row_referred_to_goes_with_it_and_weak_references_are_dropped()
    {
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("child")))),
            Op.Insert(Every.Child, Nb.Row(), uuidName: "child"),
            Op.Insert(Every.Parent, Nb.Row(("friend", OvsdbValue.NamedUuid("child"))))
        );
        await every.CommitAsync(Op.Delete(Every.Parent, [Where.Uuid(results[0].Uuid!.Value)]));
        Assert.Empty((await every.CommitAsync(Op.Select(Every.Child, [Where.Uuid(results[1].Uuid!.Value)])))[0].Rows);
        Assert.True((await every.ReadAsync(Every.Parent, results[2].Uuid!.Value))["friend"].IsEmpty);
    }

    [Fact]
    public async Task A_row_that_another_refers_to_strongly_cannot_be_deleted()
    {
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("child")))),
            Op.Insert(Every.Child, Nb.Row(), uuidName: "child")
        );
        var refusal = await every.RefusalAsync(Op.Delete(Every.Child, [Where.Uuid(results[1].Uuid!.Value)]));
        Assert.Equal((1, OvsdbError.ReferentialIntegrityViolation), (refusal.OpIndex, refusal.Error.Error));
        Assert.Contains("cannot delete Child row", refusal.Error.Details, StringComparison.OrdinalIgnoreCase);
    }
}
