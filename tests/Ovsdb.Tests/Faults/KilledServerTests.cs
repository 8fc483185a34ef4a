using TestServers;

namespace Ovsdb.Tests;

/// <summary>A server is killed during many transactions: each transaction ends with a correct outcome.</summary>
public sealed class KilledServerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="durable">
    /// Whether the server answers only after it has written to disk. Without that, a killed process still loses no answered transaction,
    /// because the kernel has its data; only a power failure could lose one.
    /// </param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task After_a_killed_server_restarts_it_has_every_committed_row_and_no_row_that_was_not_sent(bool durable)
    {
        await using var server = await OvsdbServer.StartNewAsync();
        for (var round = 0; round < Soak.Size("ovsdb", 1, 20); round++)
        {
            await using var connection = await Nb.ConnectAsync(server.Endpoint, new OvsdbConnectionOptions { MaxOutstanding = 5_000 });
            var answered = 0;
            var calls = Enumerable
                .Range(0, 6_000)
                .Select(_ => Guid.NewGuid())
                .Select(async uuid => (uuid, reported: await InsertAsync(connection, uuid)))
                .ToArray();
            await Eventually.Holds("some transactions are answered", () => Volatile.Read(ref answered) >= 100);
            await server.KillAsync();
            var reported = await Task.WhenAll(calls).WaitAsync(Eventually.Deadline, Ct);
            await connection.Completion.WaitAsync(Eventually.Deadline, Ct);
            Assert.NotNull(connection.EndReason);
            await server.StartAsync();
            var present = await PresentAsync(server);
            Assert.All(reported, call => Assert.True(
                    call.reported switch
                    {
                        Committed => present.Contains(call.uuid),
                        null => !present.Contains(call.uuid),
                        _ => call.reported is Unknown,
                    }
                ));
            var counts = reported.CountBy(call => call.reported?.GetType().Name ?? "not sent").ToDictionary();
            Assert.InRange(counts.GetValueOrDefault("Unknown"), 1, 5_000);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}")));

            async Task<TransactOutcome?> InsertAsync(OvsdbConnection connection, Guid uuid)
            {
                try
                {
                    var outcome = await connection.TransactAsync(
                        Nb.Name,
                        durable ? [Nb.NewSwitch(uuid), Op.Commit(durable: true)] : [Nb.NewSwitch(uuid)],
                        Ct
                    );
                    Interlocked.Increment(ref answered);
                    return outcome;
                }
                catch (OvsdbNotConnectedException)
                {
                    return null;
                }
            }
        }
    }

    private static async Task<HashSet<Guid>> PresentAsync(OvsdbServer server)
    {
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        return (await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [], ["_uuid"])], Ct))
            .MustCommit()[0]
            .Rows.Select(row => row.Uuid)
            .ToHashSet();
    }
}
