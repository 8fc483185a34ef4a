using TestServers;

namespace Ovsdb.Tests;

/// <summary>The replica of a client whose link breaks and whose server restarts, while another client changes the database.</summary>
public sealed class ReplicaFaultTests
{
    // A clustered server can resume only from its last 100 transactions, and keeps them only if they are smaller than the database.
    // So a client misses few transactions, and the ballast makes the database large.
    private const int MaxMissed = 30;

    private static readonly Op[] Ballast =
    [
        .. Enumerable
            .Range(0, 100)
            .Select(i =>
                Op.Insert(
                    "Address_Set",
                    Nb.Row(("name", $"a{i}"), ("addresses", OvsdbValue.Set(Enumerable.Range(0, 100).Select(n => $"10.0.{i}.{n}"))))
                )
            ),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task After_faults_the_replica_its_indexes_and_the_reported_changes_match_the_server(bool clustered)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"NEST_SEED={Soak.Seed}");
        var random = new Random(Soak.Seed);
        await using var server = await OvsdbServer.StartNewAsync(clustered: clustered);
        await using var interceptor = new Interceptor(server);
        await using var other = Nb.Client(server.Endpoint);
        await using var client = Nb.Client(interceptor.Endpoint);
        var reported = new ReportedChanges(client);
        await Task.WhenAll(client.SyncedAsync(Ct), other.SyncedAsync(Ct));
        await other.CommitAsync(Ballast);
        var writer = new RandomWriter(random);
        var committed = 0;
        var (transactions, cuts, restarts) = (Soak.Size("ovsdb", 500, 10_000), Soak.Size("ovsdb", 8, 100), Soak.Size("ovsdb", 2, 10));
        var faults = Enumerable.Range(0, cuts + restarts).Select(fault => fault < cuts).ToArray();
        random.Shuffle(faults);
        foreach (var isBrokenLink in faults)
        {
            await WriteAsync(transactions / faults.Length - MaxMissed);
            if (isBrokenLink)
            {
                BreakLinkSoon();
            }
            else
            {
                await RestartAsync();
            }

            await WriteAsync(MaxMissed);
            await CaughtUpAsync();
        }
        await client.MustAgreeAsync(server.Endpoint);
        await reported.MustEqualAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{committed} committed, {cuts} broken links, {restarts} restarts, {client.Generation} loads, "
                + $"{client.Snapshot.Table(Nb.Port).Count} ports at the end"
        );
        if (clustered)
        {
            Assert.Equal(1, client.Generation);
        }
        else
        {
            Assert.InRange(client.Generation, restarts + 1, long.MaxValue);
        }

        async Task WriteAsync(int count)
        {
            for (; count > 0; count--)
            {
                await other.SyncedAsync(Ct);
                writer.SetRows(other.Snapshot);
                try
                {
                    if (await other.TransactAsync(writer.Next(), Ct) is Committed)
                    {
                        committed++;
                    }
                }
                catch (OvsdbNotConnectedException)
                {
                    // The server is restarting.
                }
            }
        }

        // Breaks the link before or in the middle of one of the next messages.
        void BreakLinkSoon()
        {
            var messages = random.Next(MaxMissed / 2);
            interceptor.ToClient = message =>
            {
                if (messages-- > 0)
                {
                    return message;
                }

                interceptor.ToClient = message => message;
                return message[..random.Next(message.Length)] + Interceptor.Cut;
            };
        }

        async Task RestartAsync()
        {
            await (random.Next(2) == 0 ? server.KillAsync() : server.StopAsync());
            await server.StartAsync();
        }

        // Waits until the replica has received all changes: a last row appears and disappears.
        async Task CaughtUpAsync()
        {
            var last = Guid.NewGuid();
            await other.SyncedAsync(Ct);
            await other.CommitAsync(Nb.NewSwitch(last, "last"));
            await Eventually.Holds("the replica has the last row", () =>
                client.State == OvsdbClientState.Synced && client.Snapshot.Find(Nb.Switch, last) is not null
            );
            await other.CommitAsync(Op.Delete(Nb.Switch, [Where.Uuid(last)]));
            await Eventually.Holds("the replica no longer has the last row", () =>
                client.State == OvsdbClientState.Synced && client.Snapshot.Find(Nb.Switch, last) is null
            );
        }
    }
}
