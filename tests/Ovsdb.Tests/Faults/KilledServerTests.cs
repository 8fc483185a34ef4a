using TestServers;

namespace Ovsdb.Tests.Faults;

/// <summary>The server dies under many calls in flight: each ends, and none says what is not so.</summary>
public sealed class KilledServerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="durable">Whether the answers wait for the disk. Without it, too, a killed process loses nothing that it had answered: the kernel has it.
    /// A machine that loses its power may.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task What_is_told_as_committed_is_there_after_the_restart_and_what_was_not_sent_is_not(bool durable)
    {
        await using var server = await OvsdbServer.StartNewAsync();
        for (var round = 0; round < Soak.Size("ovsdb", 1, 20); round++)
        {
            await using var connection = await Nb.ConnectAsync(server.Endpoint, new OvsdbConnectionOptions { MaxOutstanding = 5_000 });
            var answered = 0;
            var calls = Enumerable
                .Range(0, 6_000)
                .Select(_ => Guid.NewGuid())
                .Select(async uuid => (uuid, told: await InsertAsync(connection, uuid)))
                .ToArray();
            await Eventually.Holds("some are answered", () => Volatile.Read(ref answered) >= 100);
            await server.KillAsync();
            var told = await Task.WhenAll(calls).WaitAsync(Eventually.Deadline, Ct);
            await connection.Completion.WaitAsync(Eventually.Deadline, Ct);
            Assert.NotNull(connection.EndReason);
            await server.StartAsync();
            var present = await PresentAsync(server);
            Assert.All(told, call => Assert.True(
                    call.told switch
                    {
                        Committed => present.Contains(call.uuid),
                        null => !present.Contains(call.uuid),
                        _ => call.told is Unknown,
                    }
                ));
            var counts = told.CountBy(call => call.told?.GetType().Name ?? "not sent").ToDictionary();
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
