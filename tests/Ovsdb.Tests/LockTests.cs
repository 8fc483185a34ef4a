using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.8–10 and §5.2.10: what ovsdb-server really does with locks.</summary>
public sealed class LockTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_is_held_by_one_session_and_comes_to_the_next_when_it_is_given_back()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        Assert.True(await first.LockAsync("nest", Ct));
        Assert.False(await second.LockAsync("nest", Ct));
        Assert.Equal((true, false), (first.Holds("nest"), second.Holds("nest")));
        await first.UnlockAsync("nest", Ct);
        await Eventually.Holds("the second is told", () => second.Holds("nest"));
        Assert.False(first.Holds("nest"));
    }

    [Fact]
    public async Task A_lock_goes_on_when_its_holders_connection_ends()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await using (var first = await Nb.ConnectAsync(server.Endpoint))
        {
            await first.LockAsync("nest", Ct);
            await second.LockAsync("nest", Ct);
        }
        await Eventually.Holds("the second is told", () => second.Holds("nest"));
    }

    [Fact]
    public async Task Who_does_not_hold_the_lock_cannot_write_under_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await first.LockAsync("nest", Ct);
        await second.LockAsync("nest", Ct);
        (await first.TransactAsync(Nb.Name, [Op.Assert("nest"), Nb.NewSwitch(Guid.NewGuid())], Ct)).MustCommit();
        await MustBeRefusedAsync(second, "nest");
        await MustBeRefusedAsync(second, "never_asked_for");
    }

    [Fact]
    public async Task A_stolen_lock_comes_back_to_its_former_holder_when_the_thief_gives_it_up()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = await Nb.ConnectAsync(server.Endpoint);
        await using var second = await Nb.ConnectAsync(server.Endpoint);
        await first.LockAsync("nest", Ct);
        await second.StealAsync("nest", Ct);
        Assert.True(second.Holds("nest"));
        await Eventually.Holds("the first is told", () => !first.Holds("nest"));
        await MustBeRefusedAsync(first, "nest");
        await second.UnlockAsync("nest", Ct);
        await Eventually.Holds("the first is told", () => first.Holds("nest"));
    }

    [Fact]
    public async Task A_session_that_waits_for_a_lock_can_neither_ask_for_it_again_nor_steal_it()
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
    public async Task A_clients_lock_is_asked_for_again_after_the_connection_was_lost()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await using var held = await client.LockAsync("nest", Ct); // before there is a connection, or after
        var told = new List<bool>();
        held.Changed += told.Add;
        await held.HeldAsync(Ct);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Assert("nest"));
        await server.KillAsync();
        await Eventually.Holds("the lock is lost", () => !held.IsHeld);
        await server.StartAsync();
        await held.HeldAsync(Ct);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Assert("nest"));
        await Eventually.Holds("its loss and its return are told", () => told.ToArray() is [.., false, true]);
    }

    [Fact]
    public async Task A_client_that_waits_for_its_lock_can_steal_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = Nb.Client(server.Endpoint);
        await using var second = Nb.Client(server.Endpoint);
        await Task.WhenAll(first.SyncedAsync(Ct), second.SyncedAsync(Ct));
        await using var ofFirst = await first.LockAsync("nest", Ct);
        await ofFirst.HeldAsync(Ct);
        var ofSecond = await second.LockAsync("nest", Ct);
        Assert.False(ofSecond.IsHeld);
        await ofSecond.StealAsync(Ct);
        Assert.True(ofSecond.IsHeld);
        await Eventually.Holds("the first is told", () => !ofFirst.IsHeld);
        await ofSecond.DisposeAsync();
        Assert.False(ofSecond.IsHeld);
        await ofFirst.HeldAsync(Ct);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ofSecond.HeldAsync(Ct));
    }

    [Fact]
    public async Task A_lock_that_was_to_be_stolen_is_wanted_still_when_nobody_waits_for_the_answer()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var first = Nb.Client(server.Endpoint);
        await using var second = Nb.Client(server.Endpoint);
        await Task.WhenAll(first.SyncedAsync(Ct), second.SyncedAsync(Ct));
        await using var ofFirst = await first.LockAsync("nest", Ct);
        await ofFirst.HeldAsync(Ct);
        await using var ofSecond = await second.LockAsync("nest", Ct);
        server.Send(Signal.Pause);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var stolen = ofSecond.StealAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stolen);
        server.Send(Signal.Continue);
        await ofSecond.HeldAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
    }

    [Fact]
    public async Task A_lock_whose_request_is_lost_with_the_connection_is_asked_for_on_the_next()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        between.ToServer = message =>
        {
            if (!message.Contains("\"lock\"", StringComparison.Ordinal))
            {
                return message;
            }

            between.ToServer = same => same;
            return null;
        };
        await using var held = await client.LockAsync("nest", Ct);
        await held.HeldAsync(Ct);
    }

    [Fact]
    public async Task A_lock_that_nobody_waited_for_to_the_end_is_given_back()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await using var other = Nb.Client(server.Endpoint);
        await Task.WhenAll(client.SyncedAsync(Ct), other.SyncedAsync(Ct));
        server.Send(Signal.Pause);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var asked = client.LockAsync("nest", impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        server.Send(Signal.Continue);
        await client.EchoAsync(Ct); // the server has read the request before
        await using var held = await other.LockAsync("nest", Ct);
        await held.HeldAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
    }

    [Fact]
    public async Task Whoever_waits_for_a_lock_learns_that_its_client_has_ended()
    {
        await using var client = Nb.Client("unix:/nonexistent/db.sock");
        await using var held = await client.LockAsync("nest", Ct);
        var waiting = held.HeldAsync(Ct);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Eventually.Deadline, Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.LockAsync("other", Ct));
    }

    [Fact]
    public async Task A_lock_has_an_id_and_is_asked_for_once()
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

    private static async Task MustBeRefusedAsync(OvsdbConnection connection, string lockId)
    {
        var refused = Assert.IsType<Rejected>(
            await connection.TransactAsync(Nb.Name, [Op.Assert(lockId), Nb.NewSwitch(Guid.NewGuid())], Ct)
        );
        Assert.Equal((OvsdbError.NotOwner, 0), (refused.Error.Error, refused.OpIndex));
    }
}
