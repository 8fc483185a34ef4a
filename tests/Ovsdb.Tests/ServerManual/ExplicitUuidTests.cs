namespace Ovsdb.Tests;

/// <summary>ovsdb-server(7) §5.2.1: inserts with a UUID that the client chooses.</summary>
public sealed class ExplicitUuidTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private const string Details =
        "This UUID would duplicate a UUID already present within the table or deleted within the same transaction.";

    [Fact]
    public async Task An_insert_uses_the_given_UUID_and_repeating_it_creates_no_second_row()
    {
        var uuid = Guid.NewGuid();
        Assert.Equal(uuid, (await allTypes.CommitAsync(Op.Insert(AllTypesServer.Parent, Nb.Row(), uuid)))[0].Uuid);
        var rejection = await allTypes.RejectionAsync(Op.Comment("again"), Op.Insert(AllTypesServer.Parent, Nb.Row(), uuid));
        Assert.Equal((1, new OvsdbError(OvsdbError.DuplicateUuid, $"{Details} (\"{uuid}\")")), (rejection.OpIndex, rejection.Error));
    }

    [Fact]
    public async Task A_UUID_can_be_used_again_after_a_delete_but_not_in_the_same_transaction()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Parent);
        var (delete, insert) = (Op.Delete(AllTypesServer.Parent, [Where.Uuid(uuid)]), Op.Insert(AllTypesServer.Parent, Nb.Row(), uuid));
        var rejection = await allTypes.RejectionAsync(delete, insert);
        Assert.Equal((1, OvsdbError.DuplicateUuid), (rejection.OpIndex, rejection.Error.Error));
        await allTypes.CommitAsync(delete);
        await allTypes.CommitAsync(insert);
    }

    [Fact]
    public async Task Operations_of_the_same_transaction_can_refer_to_a_row_with_an_explicit_UUID()
    {
        var (parent, child) = (await allTypes.InsertAsync(AllTypesServer.Parent), Guid.NewGuid());
        await allTypes.CommitAsync(
            Op.Mutate(AllTypesServer.Parent, [Where.Uuid(parent)], Mutation.Insert("children", child)),
            Op.Insert(AllTypesServer.Child, Nb.Row(("name", "mine")), child)
        );
        Assert.Equal("mine", (await allTypes.ReadAsync(AllTypesServer.Child, child))["name"].AsString());
    }
}
