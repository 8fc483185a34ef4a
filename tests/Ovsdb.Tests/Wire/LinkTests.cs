using System.Collections.Concurrent;
using TestServers;

namespace Ovsdb.Tests.Wire;

public sealed class LinkTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_learns_that_an_outcome_is_unknown_sees_the_copy_stale()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var states = Enumerable.Range(0, 200).Select(_ => StateAfterLossAsync(client)).ToArray();
        await client.EchoAsync(Ct);
        await server.KillAsync();
        Assert.All(await Task.WhenAll(states).WaitAsync(Eventually.Deadline, Ct), state => Assert.Equal(OvsdbClientState.Stale, state));

        // Not by way of the test's own scheduler: as soon as the outcome is there.
        static async Task<OvsdbClientState> StateAfterLossAsync(OvsdbClient client)
        {
            var outcome = await client.TransactAsync([Op.Wait(Nb.Switch, [], ["name"], "!=", [], 60_000)], Ct).ConfigureAwait(false);
            return outcome is Unknown ? client.State : throw new InvalidOperationException(outcome.ToString());
        }
    }

    [Fact]
    public async Task Many_calls_in_flight_while_the_server_sends_large_updates_do_not_block_each_other()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var big = new string('x', 100_000);
        await Task.WhenAll(
                Enumerable
                    .Range(0, 300)
                    .Select(i =>
                        client.CommitAsync(
                            Op.Insert(Nb.Switch, Nb.Row(("name", $"s{i}"), ("external_ids", Nb.Marks(("big", big + i)))), Guid.NewGuid())
                        )
                    )
            )
            .WaitAsync(Eventually.Deadline, Ct);
        Assert.Equal(300, client.Snapshot.Table(Nb.Switch).Count);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up_and_one_that_only_idles_is_not()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        var probe = new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMilliseconds(200) };
        await using var connection = await Nb.ConnectAsync(server.Endpoint, probe);
        await Assert.ThrowsAsync<TimeoutException>(() => connection.Completion.WaitAsync(TimeSpan.FromSeconds(1.5), Ct));
        server.Send(Signal.Pause);
        await connection.Completion.WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains("silent", connection.EndReason);
        server.Send(Signal.Continue);
    }

    [Fact]
    public async Task A_link_that_ends_leaves_no_error_that_nobody_has_seen()
    {
        var unseen = new ConcurrentBag<string>();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, error) => unseen.Add(error.Exception.ToString());
        TaskScheduler.UnobservedTaskException += note;
        await EndInSilenceAsync();
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        TaskScheduler.UnobservedTaskException -= note;
        Assert.DoesNotContain(unseen, error => error.Contains("silent for 0.7 s", StringComparison.Ordinal)); // errors of tests beside this one come, too

        // Two requests have nobody who waits for them: the probe, and a lock whose caller has gone.
        static async Task EndInSilenceAsync()
        {
            await using var server = await OvsdbServer.StartNewAsync();
            await using var connection = await Nb.ConnectAsync(
                server.Endpoint,
                new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMilliseconds(350) }
            );
            server.Send(Signal.Pause);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                connection.LockAsync("nest", new CancellationToken(canceled: true))
            );
            await connection.Completion.WaitAsync(Eventually.Deadline, Ct);
            server.Send(Signal.Continue);
        }
    }

    [Fact]
    public async Task A_caller_that_keeps_the_thread_holds_up_no_other()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        await EchoAsync(connection, rounds: 20);

        // Most often it is the thread that read the first answer that waits here for the second.
        static async Task EchoAsync(OvsdbConnection connection, int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                await connection.EchoAsync(Ct).ConfigureAwait(false);
                var other = Task.Run(() => connection.EchoAsync(Ct), Ct);
                Assert.True(((IAsyncResult)other).AsyncWaitHandle.WaitOne(Eventually.Deadline));
            }
        }
    }

    [Fact]
    public async Task A_request_that_cannot_be_encoded_is_not_sent_and_harms_no_other()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var op = Op.Select(Nb.Switch, [], new Unreadable());
        await Assert.ThrowsAsync<NotSupportedException>(() => connection.TransactAsync(Nb.Name, [Nb.NewSwitch(Guid.NewGuid()), op], Ct));
        Assert.Empty((await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [])], Ct)).MustCommit()[0].Rows);
    }

    [Fact]
    public async Task Nothing_that_listens_is_told_in_the_systems_words()
    {
        var error = await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => Nb.ConnectAsync("unix:/nonexistent/db.sock"));
        Assert.Contains("unix:/nonexistent/db.sock", error.Message);
    }

    private sealed class Unreadable : List<string>, IReadOnlyList<string>
    {
        IEnumerator<string> IEnumerable<string>.GetEnumerator() => throw new NotSupportedException();
    }
}
