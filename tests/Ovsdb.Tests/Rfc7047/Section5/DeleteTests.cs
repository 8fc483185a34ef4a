namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.5.</summary>
public sealed class DeleteTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Delete_removes_every_matching_row()
    {
        foreach (var name in (string[])["a", "a", "b"])
        {
            await allTypes.InsertAsync(AllTypesServer.Parent, ("name", name));
        }

        var results = await allTypes.CommitAsync(
            Op.Delete(AllTypesServer.Parent, [Where.Equal("name", "a")]),
            Op.Select(AllTypesServer.Parent, [new Where("name", "!=", "")])
        );
        Assert.Equal((2, "b"), (results[0].Count, Assert.Single(results[1].Rows)["name"].AsString()));
    }

    [Fact]
    public async Task Delete_also_removes_rows_that_only_the_deleted_row_referred_to_and_weak_references()
    {
        var results = await allTypes.CommitAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("child")))),
            Op.Insert(AllTypesServer.Child, Nb.Row(), uuidName: "child"),
            Op.Insert(AllTypesServer.Parent, Nb.Row(("friend", OvsdbValue.NamedUuid("child"))))
        );
        await allTypes.CommitAsync(Op.Delete(AllTypesServer.Parent, [Where.Uuid(results[0].Uuid!.Value)]));
        Assert.Empty((await allTypes.CommitAsync(Op.Select(AllTypesServer.Child, [Where.Uuid(results[1].Uuid!.Value)])))[0].Rows);
        Assert.True((await allTypes.ReadAsync(AllTypesServer.Parent, results[2].Uuid!.Value))["friend"].IsEmpty);
    }

    [Fact]
    public async Task A_row_with_a_strong_reference_to_it_cannot_be_deleted()
    {
        var results = await allTypes.CommitAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("child")))),
            Op.Insert(AllTypesServer.Child, Nb.Row(), uuidName: "child")
        );
        var rejection = await allTypes.RejectionAsync(Op.Delete(AllTypesServer.Child, [Where.Uuid(results[1].Uuid!.Value)]));
        Assert.Equal((1, OvsdbError.ReferentialIntegrityViolation), (rejection.OpIndex, rejection.Error.Error));
        Assert.Contains("cannot delete Child row", rejection.Error.Details, StringComparison.OrdinalIgnoreCase);
    }
}
