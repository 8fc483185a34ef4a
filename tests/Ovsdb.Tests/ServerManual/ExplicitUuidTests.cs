namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §5.2.1: the UUID of an insert chosen by the client.</summary>
public sealed class ExplicitUuidTests(Every every) : IClassFixture<Every>
{
    private const string Details =
        "This UUID would duplicate a UUID already present within the table or deleted within the same transaction.";

    [Fact]
    public async Task The_row_has_the_uuid_and_a_repeat_makes_no_second_row()
    {
        var uuid = Guid.NewGuid();
        Assert.Equal(uuid, (await every.CommitAsync(Op.Insert(Every.Parent, Nb.Row(), uuid)))[0].Uuid);
        var refusal = await every.RefusalAsync(Op.Comment("again"), Op.Insert(Every.Parent, Nb.Row(), uuid));
        Assert.Equal((1, new OvsdbError(OvsdbError.DuplicateUuid, $"{Details} (\"{uuid}\")")), (refusal.OpIndex, refusal.Error));
    }

    [Fact]
    public async Task Deleted_and_inserted_in_one_transaction_it_is_a_duplicate_and_in_two_it_is_not()
    {
        var uuid = await every.InsertAsync(Every.Parent);
        var (delete, insert) = (Op.Delete(Every.Parent, [Where.Uuid(uuid)]), Op.Insert(Every.Parent, Nb.Row(), uuid));
        var refusal = await every.RefusalAsync(delete, insert);
        Assert.Equal((1, OvsdbError.DuplicateUuid), (refusal.OpIndex, refusal.Error.Error));
        await every.CommitAsync(delete);
        await every.CommitAsync(insert);
    }

    [Fact]
    public async Task Other_operations_of_the_transaction_refer_to_it_as_to_any_row()
    {
        var (parent, child) = (await every.InsertAsync(Every.Parent), Guid.NewGuid());
        await every.CommitAsync(
            Op.Mutate(Every.Parent, [Where.Uuid(parent)], Mutation.Insert("children", child)),
            Op.Insert(Every.Child, Nb.Row(("name", "mine")), child)
        );
        Assert.Equal("mine", (await every.ReadAsync(Every.Child, child))["name"].AsString());
    }
}
