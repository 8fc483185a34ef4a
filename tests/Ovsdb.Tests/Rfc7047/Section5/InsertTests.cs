using CsCheck;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.1. UUIDs of one's own: ovsdb-server(7).</summary>
public sealed class InsertTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_servers_uuid_is_told()
    {
        var uuid = await every.InsertAsync(Every.Parent, ("name", "told"));
        Assert.Equal("told", (await every.ReadAsync(Every.Parent, uuid))["name"].AsString());
    }

    [Fact]
    public async Task A_name_stands_for_the_row_before_and_behind_its_insert()
    {
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("children", OvsdbValue.Set([OvsdbValue.NamedUuid("one"), OvsdbValue.NamedUuid("two")])))),
            Op.Insert(Every.Child, Nb.Row(), uuidName: "one"),
            Op.Insert(Every.Child, Nb.Row(), uuidName: "two"),
            Op.Insert(Every.Parent, Nb.Row(("friend", OvsdbValue.NamedUuid("one"))))
        );
        var uuids = results.Select(result => result.Uuid!.Value).ToArray();
        Assert.Equal(
            [uuids[1], uuids[2]],
            (await every.ReadAsync(Every.Parent, uuids[0]))["children"].AsUuidSet().OrderBy(uuid => uuid == uuids[2])
        );
        Assert.Equal(uuids[1], (await every.ReadAsync(Every.Parent, uuids[3]))["friend"].AsUuid());
    }

    [Fact]
    public async Task One_name_twice_is_a_duplicate_uuid_name()
    {
        var refusal = await every.RefusalAsync(
            Op.Insert(Every.Parent, Nb.Row(), uuidName: "a"),
            Op.Insert(Every.Parent, Nb.Row(), uuidName: "a")
        );
        Assert.Equal((1, OvsdbError.DuplicateUuidName), (refusal.OpIndex, refusal.Error.Error));
        Assert.Equal("This \"uuid-name\" appeared on an earlier \"insert\" operation. (\"a\")", refusal.Error.Details);
    }

    [Fact]
    public async Task A_name_that_no_insert_has_is_a_row_that_does_not_exist()
    {
        var refusal = await every.RefusalAsync(Op.Insert(Every.Parent, Nb.Row(("children", OvsdbValue.NamedUuid("nobody")))));
        Assert.Equal((1, OvsdbError.ReferentialIntegrityViolation), (refusal.OpIndex, refusal.Error.Error));
    }

    [Fact]
    public async Task A_strong_reference_to_nothing_is_a_referential_integrity_violation()
    {
        var nothing = Guid.NewGuid();
        var refusal = await every.RefusalAsync(Op.Insert(Every.Parent, Nb.Row(("children", nothing))), Op.Comment(""));
        Assert.Equal((2, OvsdbError.ReferentialIntegrityViolation), (refusal.OpIndex, refusal.Error.Error));
        Assert.Matches(
            $"^Table Parent column children row .* references nonexistent row {nothing} in table Child\\.$",
            refusal.Error.Details
        );
    }

    [Fact]
    public async Task A_weak_reference_to_nothing_is_dropped()
    {
        var uuid = await every.InsertAsync(Every.Parent, ("friend", Guid.NewGuid()));
        Assert.True((await every.ReadAsync(Every.Parent, uuid))["friend"].IsEmpty);
    }

    [Fact]
    public async Task A_row_that_nothing_refers_to_is_collected()
    {
        var uuid = await every.InsertAsync(Every.Child, ("name", "lonely"));
        Assert.Empty((await every.CommitAsync(Op.Select(Every.Child, [Where.Uuid(uuid)])))[0].Rows);
    }

    [Fact]
    public async Task Two_rows_with_one_key_of_an_index_are_a_constraint_violation()
    {
        var refusal = await every.RefusalAsync(
            Op.Insert(Every.Limited, Nb.Row(("name", "twin"))),
            Op.Insert(Every.Limited, Nb.Row(("name", "twin")))
        );
        Assert.Equal((2, OvsdbError.ConstraintViolation), (refusal.OpIndex, refusal.Error.Error));
        Assert.StartsWith(
            "Transaction causes multiple rows in \"Limited\" table to have identical values (twin) for index on column \"name\".",
            refusal.Error.Details,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_random_row_is_in_a_select_and_in_a_copy_as_it_was_inserted()
    {
        await using var client = EveryRow.Client(every.Server.Endpoint);
        await client.SyncedAsync(Ct);
        await using var connection = await every.ConnectCheckedAsync();
        EveryRow.Any.Sample(
            row =>
            {
                var uuid = client.CommitAsync(Op.Insert(Every.Table, row)).GetAwaiter().GetResult()[0].Uuid!.Value;
                var select = connection
                    .TransactAsync(Every.Name, [Op.Select(Every.Table, [Where.Uuid(uuid)])], Ct)
                    .GetAwaiter()
                    .GetResult()
                    .MustCommit()[0]
                    .Rows.Single();
                var copy = client.Snapshot.Find(Every.Table, uuid)!;
                return row.All(column => select[column.Key] == column.Value && copy[column.Key] == column.Value);
            },
            iter: 200,
            threads: 1,
            print: row => string.Join(", ", row)
        );
    }
}
