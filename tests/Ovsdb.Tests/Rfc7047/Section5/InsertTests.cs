using CsCheck;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.1. For UUIDs that the client chooses, see <see cref="ExplicitUuidTests"/>.</summary>
public sealed class InsertTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_insert_returns_the_UUID_that_the_server_chose()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "chosen"));
        Assert.Equal("chosen", (await allTypes.ReadAsync(AllTypesServer.Parent, uuid))["name"].AsString());
    }

    [Fact]
    public async Task A_uuid_name_can_be_used_before_and_after_its_insert()
    {
        var results = await allTypes.CommitAsync(
            Op.Insert(
                AllTypesServer.Parent,
                Nb.Row(("children", OvsdbValue.Set([OvsdbValue.NamedUuid("one"), OvsdbValue.NamedUuid("two")])))
            ),
            Op.Insert(AllTypesServer.Child, Nb.Row(), uuidName: "one"),
            Op.Insert(AllTypesServer.Child, Nb.Row(), uuidName: "two"),
            Op.Insert(AllTypesServer.Parent, Nb.Row(("friend", OvsdbValue.NamedUuid("one"))))
        );
        var uuids = results.Select(result => result.Uuid!.Value).ToArray();
        Assert.Equal(
            [uuids[1], uuids[2]],
            (await allTypes.ReadAsync(AllTypesServer.Parent, uuids[0]))["children"].AsUuidSet().OrderBy(uuid => uuid == uuids[2])
        );
        Assert.Equal(uuids[1], (await allTypes.ReadAsync(AllTypesServer.Parent, uuids[3]))["friend"].AsUuid());
    }

    [Fact]
    public async Task Using_a_uuid_name_twice_is_rejected()
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(), uuidName: "a"),
            Op.Insert(AllTypesServer.Parent, Nb.Row(), uuidName: "a")
        );
        Assert.Equal((1, OvsdbError.DuplicateUuidName), (rejection.OpIndex, rejection.Error.Error));
        Assert.Equal("This \"uuid-name\" appeared on an earlier \"insert\" operation. (\"a\")", rejection.Error.Details);
    }

    [Fact]
    public async Task A_uuid_name_without_an_insert_is_rejected()
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("missing"))))
        );
        Assert.Equal((1, OvsdbError.ReferentialIntegrityViolation), (rejection.OpIndex, rejection.Error.Error));
    }

    [Fact]
    public async Task A_strong_reference_to_a_missing_row_is_rejected()
    {
        var nothing = Guid.NewGuid();
        var rejection = await allTypes.RejectionAsync(Op.Insert(AllTypesServer.Parent, Nb.Row(("children", nothing))), Op.Comment(""));
        Assert.Equal((2, OvsdbError.ReferentialIntegrityViolation), (rejection.OpIndex, rejection.Error.Error));
        Assert.Matches(
            $"^Table Parent column children row .* references nonexistent row {nothing} in table Child\\.$",
            rejection.Error.Details
        );
    }

    [Fact]
    public async Task A_weak_reference_to_a_missing_row_is_removed()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Parent, ("friend", Guid.NewGuid()));
        Assert.True((await allTypes.ReadAsync(AllTypesServer.Parent, uuid))["friend"].IsEmpty);
    }

    [Fact]
    public async Task A_non_root_row_without_references_is_deleted()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Child, ("name", "lonely"));
        Assert.Empty((await allTypes.CommitAsync(Op.Select(AllTypesServer.Child, [Where.Uuid(uuid)])))[0].Rows);
    }

    [Fact]
    public async Task Two_rows_with_the_same_index_key_are_rejected()
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Insert(AllTypesServer.Limited, Nb.Row(("name", "twin"))),
            Op.Insert(AllTypesServer.Limited, Nb.Row(("name", "twin")))
        );
        Assert.Equal((2, OvsdbError.ConstraintViolation), (rejection.OpIndex, rejection.Error.Error));
        Assert.StartsWith(
            "Transaction causes multiple rows in \"Limited\" table to have identical values (twin) for index on column \"name\".",
            rejection.Error.Details,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_random_row_is_read_by_select_and_by_the_replica_as_it_was_inserted()
    {
        await using var client = AllTypesRow.Client(allTypes.Server.Endpoint);
        await client.SyncedAsync(Ct);
        await using var connection = await allTypes.ConnectCheckedAsync();
        AllTypesRow.Any.Sample(
            row =>
            {
                var uuid = client.CommitAsync(Op.Insert(AllTypesServer.Table, row)).GetAwaiter().GetResult()[0].Uuid!.Value;
                var select = connection
                    .TransactAsync(AllTypesServer.Name, [Op.Select(AllTypesServer.Table, [Where.Uuid(uuid)])], Ct)
                    .GetAwaiter()
                    .GetResult()
                    .MustCommit()[0]
                    .Rows.Single();
                var replicated = client.Snapshot.Find(AllTypesServer.Table, uuid)!;
                return row.All(column => select[column.Key] == column.Value && replicated[column.Key] == column.Value);
            },
            iter: 200,
            threads: 1,
            print: row => string.Join(", ", row)
        );
    }
}
