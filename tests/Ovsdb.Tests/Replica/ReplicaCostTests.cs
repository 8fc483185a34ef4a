using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// The cost of a change of the replica. The test measures the allocations of the whole process, so it does not run in parallel with others.
/// </summary>
[CollectionDefinition(nameof(ReplicaCostTests), DisableParallelization = true)]
[Collection(nameof(ReplicaCostTests))]
public sealed class ReplicaCostTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changing_one_of_twenty_thousand_rows_does_not_copy_the_table()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var uuids = await Nb.FillAsync(connection, 20_000);
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await client.MustAgreeAsync(server.Endpoint);
        await Change(0); // causes the allocations that happen only once
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 1; i <= 100; i++)
        {
            await Change(i);
        }

        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 100;
        Assert.True(
            each < 60_000,
            $"{each} bytes are allocated for each change. Copying a table of 20,000 rows would allocate at least 320,000 bytes."
        );

        Task<IReadOnlyList<OpResult>> Change(int i) =>
            client.CommitAsync(
                Op.Update(Nb.Port, [Where.Uuid(uuids[i])], Nb.Row(("name", $"q{i}"), ("external_ids", Nb.Marks(("owner", $"n{i}")))))
            );
    }
}
