using TestServers;

namespace Ovsdb.Tests;

/// <summary>Locks of a real ovsdb-server (RFC 7047 §4.1.8–10, §5.2.10).</summary>
public sealed class LockTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_is_held_by_one_connection_and_passes_to_the_next_when_it_is_released()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        Assert.True(await first.LockAsync("nest", Ct));
        Assert.False(await second.LockAsync("nest", Ct));
        Assert.Equal((true, false), (first.Holds("nest"), second.Holds("nest")));
        await first.UnlockAsync("nest", Ct);
        await Eventually.Holds("the second connection holds the lock", () => second.Holds("nest"));
        Assert.False(first.Holds("nest"));
    }

    [Fact]
    public async Task A_lock_passes_to_the_next_connection_when_its_holders_connection_ends()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await using (var first = await Nb.ConnectAsync(server.Endpoint))
        {
            await first.LockAsync("nest", Ct);
            await second.LockAsync("nest", Ct);
        }
        await Eventually.Holds("the second connection holds the lock", () => second.Holds("nest"));
    }

    [Fact]
    public async Task A_transaction_with_an_assert_is_rejected_without_the_lock()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await first.LockAsync("nest", Ct);
        await second.LockAsync("nest", Ct);
        (await first.TransactAsync(Nb.Name, [Op.Assert("nest"), Nb.NewSwitch(Guid.NewGuid())], Ct)).MustCommit();
        await MustBeRejectedAsync(second, "nest");
        await MustBeRejectedAsync(second, "never_requested");
    }

    [Fact]
    public async Task A_stolen_lock_returns_to_its_previous_holder_when_it_is_released()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await first.LockAsync("nest", Ct);
        await second.StealAsync("nest", Ct);
        Assert.True(second.Holds("nest"));
        await Eventually.Holds("the first no longer holds the lock", () => !first.Holds("nest"));
        await MustBeRejectedAsync(first, "nest");
        await second.UnlockAsync("nest", Ct);
        await Eventually.Holds("the first connection holds the lock again", () => first.Holds("nest"));
    }

    [Fact]
    public async Task A_connection_that_waits_for_a_lock_can_neither_request_nor_steal_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await first.LockAsync("nest", Ct);
        await second.LockAsync("nest", Ct);
        var again = await Assert.ThrowsAsync<OvsdbException>(() => second.LockAsync("nest", Ct));
        var steal = await Assert.ThrowsAsync<OvsdbException>(() => second.StealAsync("nest", Ct));
        var unasked = await Assert.ThrowsAsync<OvsdbException>(() => second.UnlockAsync("other", Ct));
        Assert.Equal(
            [
                "must issue \"unlock\" before new \"lock\" ([\"nest\"])",
                "must issue \"unlock\" before new \"steal\" ([\"nest\"])",
                "unlock: \"unlock\" without \"lock\" or \"steal\" ([\"other\"])",
            ],
            new[] { again, steal, unasked }.Select(error => error.Error.Details)
        );
        await second.UnlockAsync("nest", Ct);
        await second.StealAsync("nest", Ct);
        Assert.True(second.Holds("nest"));
    }

    [Fact]
    public async Task A_client_requests_its_lock_again_after_a_lost_connection()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await using var held = await client.LockAsync("nest", Ct); // may run before or after the client has connected
        var reported = new List<bool>();
        held.Changed += reported.Add;
        await held.HeldAsync(Ct);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Assert("nest"));
        await server.KillAsync();
        await Eventually.Holds("the lock is lost", () => !held.IsHeld);
        await server.StartAsync();
        await held.HeldAsync(Ct);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Assert("nest"));
        await Eventually.Holds("its loss and its return are reported", () => reported.ToArray() is [.., false, true]);
    }

    [Fact]
    public async Task A_client_that_waits_for_its_lock_can_steal_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = Nb.Client(server.Endpoint);
        await using var second = Nb.Client(server.Endpoint);
        await Task.WhenAll(first.SyncedAsync(Ct), second.SyncedAsync(Ct));
        await using var firstLock = await first.LockAsync("nest", Ct);
        await firstLock.HeldAsync(Ct);
        var secondLock = await second.LockAsync("nest", Ct);
        Assert.False(secondLock.IsHeld);
        await secondLock.StealAsync(Ct);
        Assert.True(secondLock.IsHeld);
        await Eventually.Holds("the first no longer holds the lock", () => !firstLock.IsHeld);
        await secondLock.DisposeAsync();
        Assert.False(secondLock.IsHeld);
        await firstLock.HeldAsync(Ct);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => secondLock.HeldAsync(Ct));
    }

    [Fact]
    public async Task A_steal_continues_after_its_caller_has_cancelled()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = Nb.Client(server.Endpoint);
        await using var second = Nb.Client(server.Endpoint);
        await Task.WhenAll(first.SyncedAsync(Ct), second.SyncedAsync(Ct));
        await using var firstLock = await first.LockAsync("nest", Ct);
        await firstLock.HeldAsync(Ct);
        await using var secondLock = await second.LockAsync("nest", Ct);
        server.Send(Signal.Pause);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var stolen = secondLock.StealAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stolen);
        server.Send(Signal.Continue);
        await secondLock.HeldAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
    }

    [Fact]
    public async Task A_lock_request_that_is_lost_with_the_connection_is_sent_on_the_next()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        interceptor.ToServer = message =>
        {
            if (!message.Contains("\"lock\"", StringComparison.Ordinal))
            {
                return message;
            }

            interceptor.ToServer = message => message;
            return null;
        };
        await using var held = await client.LockAsync("nest", Ct);
        await held.HeldAsync(Ct);
    }

    [Fact]
    public async Task A_lock_whose_request_was_cancelled_is_released()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await using var other = Nb.Client(server.Endpoint);
        await Task.WhenAll(client.SyncedAsync(Ct), other.SyncedAsync(Ct));
        server.Send(Signal.Pause);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var requested = client.LockAsync("nest", cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => requested);
        server.Send(Signal.Continue);
        await client.EchoAsync(Ct); // the server has then read the lock request
        await using var held = await other.LockAsync("nest", Ct);
        await held.HeldAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_when_its_client_is_disposed()
    {
        await using var client = Nb.Client("unix:/nonexistent/db.sock");
        await using var held = await client.LockAsync("nest", Ct);
        var waiting = held.HeldAsync(Ct);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Eventually.Deadline, Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.LockAsync("other", Ct));
    }

    [Fact]
    public async Task A_lock_requires_a_valid_id_and_is_requested_once()
    {
        await using var client = Nb.Client("unix:/nonexistent/db.sock");
        await using var held = await client.LockAsync("nest", Ct);
        Assert.Equal(("nest", false), (held.Id, held.IsHeld));
        await Assert.ThrowsAsync<ArgumentException>(() => client.LockAsync("nest", Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => client.LockAsync("ovn-nest", Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => client.LockAsync("1st", Ct));
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => held.StealAsync(Ct));
        await held.DisposeAsync();
        await using var again = await client.LockAsync("nest", Ct);
    }

    private static async Task MustBeRejectedAsync(OvsdbConnection connection, string lockId)
    {
        var rejected = Assert.IsType<Rejected>(
            await connection.TransactAsync(Nb.Name, [Op.Assert(lockId), Nb.NewSwitch(Guid.NewGuid())], Ct)
        );
        Assert.Equal((OvsdbError.NotOwner, 0), (rejected.Error.Error, rejected.OpIndex));
    }
}
