using TestServers;

namespace Ovsdb.Tests.Copies;

/// <summary>What a change of the copy costs: it counts what the whole process allocates, so nothing runs beside it.</summary>
[CollectionDefinition(nameof(CostTests), DisableParallelization = true)]
[Collection(nameof(CostTests))]
public sealed class CostTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_of_one_row_among_twenty_thousand_copies_no_table()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var uuids = await Nb.FillAsync(connection, 20_000);
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await client.MustAgreeAsync(server.Endpoint);
        await Change(0); // what is made once
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 1; i <= 100; i++)
        {
            await Change(i);
        }

        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 100;
        Assert.True(each < 60_000, $"{each} bytes for each change; a table of 20,000 rows is at least 320,000.");

        Task<IReadOnlyList<OpResult>> Change(int i) =>
            client.CommitAsync(
                Op.Update(Nb.Port, [Where.Uuid(uuids[i])], Nb.Row(("name", $"q{i}"), ("external_ids", Nb.Marks(("owner", $"n{i}")))))
            );
    }
}
