using TestServers;

namespace Ovsdb.Tests.Copies;

/// <summary>The copy of a client whose link breaks and whose server is started again, while another changes the database.</summary>
public sealed class FaultTests
{
    // A clustered server keeps the last 100 transactions to resume from, but in them no more than the database itself has: so this is little, and that not.
    private const int MissedAtMost = 30;

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
    public async Task The_copy_equals_a_fresh_dump_its_indexes_a_scan_and_the_changes_told_add_up(bool clustered)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"NEST_SEED={Soak.Seed}");
        var random = new Random(Soak.Seed);
        await using var server = await OvsdbServer.StartNewAsync(clustered: clustered);
        await using var between = new Interceptor(server);
        await using var other = Nb.Client(server.Endpoint);
        await using var client = Nb.Client(between.Endpoint);
        var told = new ToldCopy(client);
        await Task.WhenAll(client.SyncedAsync(Ct), other.SyncedAsync(Ct));
        await other.CommitAsync(Ballast);
        var writer = new RandomWriter(random);
        var committed = 0;
        var (transactions, cuts, restarts) = (Soak.Size("ovsdb", 500, 10_000), Soak.Size("ovsdb", 8, 100), Soak.Size("ovsdb", 2, 10));
        var faults = Enumerable.Range(0, cuts + restarts).Select(fault => fault < cuts).ToArray();
        random.Shuffle(faults);
        foreach (var isCut in faults)
        {
            await WriteAsync(transactions / faults.Length - MissedAtMost);
            if (isCut)
            {
                CutSoon();
            }
            else
            {
                await RestartAsync();
            }

            await WriteAsync(MissedAtMost);
            await FollowedAsync();
        }
        await client.MustAgreeAsync(server.Endpoint);
        await told.MustEqualAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{committed} committed, {cuts} cuts, {restarts} restarts, {client.Generation} loads, {client.Snapshot.Table(Nb.Port).Count} ports at the end"
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
                writer.See(other.Snapshot);
                try
                {
                    if (await other.TransactAsync(writer.Next(), Ct) is Committed)
                    {
                        committed++;
                    }
                }
                catch (OvsdbNotConnectedException)
                {
                    // The server is being started again.
                }
            }
        }

        // In the middle of one of the next messages, or before it; whichever that is.
        void CutSoon()
        {
            var messages = random.Next(MissedAtMost / 2);
            between.ToClient = message =>
            {
                if (messages-- > 0)
                {
                    return message;
                }

                between.ToClient = same => same;
                return message[..random.Next(message.Length)] + Interceptor.Cut;
            };
        }

        async Task RestartAsync()
        {
            await (random.Next(2) == 0 ? server.KillAsync() : server.StopAsync());
            await server.StartAsync();
        }

        // A row that the other has made is the last that the copy must have got.
        async Task FollowedAsync()
        {
            var last = Guid.NewGuid();
            await other.SyncedAsync(Ct);
            await other.CommitAsync(Nb.NewSwitch(last, "last"));
            await Eventually.Holds("the copy has the last row", () =>
                client.State == OvsdbClientState.Synced && client.Snapshot.Find(Nb.Switch, last) is not null
            );
            await other.CommitAsync(Op.Delete(Nb.Switch, [Where.Uuid(last)]));
            await Eventually.Holds("the copy has lost it again", () =>
                client.State == OvsdbClientState.Synced && client.Snapshot.Find(Nb.Switch, last) is null
            );
        }
    }
}
