using System.Collections.Concurrent;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>A link with concurrent calls, and how it ends.</summary>
public sealed class JsonRpcLinkTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_that_receives_an_unknown_outcome_sees_a_stale_replica()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var states = Enumerable.Range(0, 200).Select(_ => StateAfterLossAsync(client)).ToArray();
        await client.EchoAsync(Ct);
        await server.KillAsync();
        Assert.All(await Task.WhenAll(states).WaitAsync(Eventually.Deadline, Ct), state => Assert.Equal(OvsdbClientState.Stale, state));

        // Continues without the test's scheduler, immediately after the outcome is known.
        static async Task<OvsdbClientState> StateAfterLossAsync(OvsdbClient client)
        {
            var outcome = await client.TransactAsync([Op.Wait(Nb.Switch, [], ["name"], "!=", [], 60_000)], Ct).ConfigureAwait(false);
            return outcome is Unknown ? client.State : throw new InvalidOperationException(outcome.ToString());
        }
    }

    [Fact]
    public async Task Concurrent_calls_and_large_updates_do_not_block_each_other()
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
    public async Task The_link_to_a_silent_server_ends_but_not_to_an_idle_one()
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
    public async Task A_link_that_ends_leaves_no_unobserved_exception()
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
        // exceptions of concurrent tests are also reported
        Assert.DoesNotContain(unseen, error => error.Contains("silent for 0.7 s", StringComparison.Ordinal));

        // No caller waits for two requests: the probe, and the lock whose caller has cancelled.
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
    public async Task A_caller_that_blocks_its_thread_does_not_block_other_calls()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        await EchoAsync(connection, rounds: 20);

        // Usually the thread that has read the first answer blocks here until the second arrives.
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
    public async Task A_request_that_cannot_be_encoded_is_not_sent_and_does_not_affect_others()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var op = Op.Select(Nb.Switch, [], new UnreadableList());
        await Assert.ThrowsAsync<NotSupportedException>(() => connection.TransactAsync(Nb.Name, [Nb.NewSwitch(Guid.NewGuid()), op], Ct));
        Assert.Empty((await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [])], Ct)).MustCommit()[0].Rows);
    }

    [Fact]
    public async Task Connecting_to_a_missing_socket_fails_with_its_path()
    {
        var error = await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => Nb.ConnectAsync("unix:/nonexistent/db.sock"));
        Assert.Contains("unix:/nonexistent/db.sock", error.Message);
    }

    private sealed class UnreadableList : List<string>, IReadOnlyList<string>
    {
        IEnumerator<string> IEnumerable<string>.GetEnumerator() => throw new NotSupportedException();
    }
}
