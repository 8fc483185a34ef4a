using System.Text.RegularExpressions;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>Clients of a cluster of three real servers. All members run at the start of each test.</summary>
public sealed partial class ClusterTests(ClusterTests.Servers servers) : IClassFixture<ClusterTests.Servers>, IAsyncLifetime
{
    private readonly RaftCluster _cluster = servers.Cluster;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _cluster.HealAsync();

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task After_the_leader_is_killed_the_client_resumes_its_replica_from_the_new_leader()
    {
        await using var client = Client(_cluster.Endpoints, leaderOnly: true);
        await client.SyncedAsync(Ct);
        var (before, after) = (Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync(Nb.NewSwitch(before, "before"));
        var leader = await _cluster.LeaderAsync();
        await leader.KillAsync();
        await Eventually.Holds("the client has noticed the loss", () => client.State == OvsdbClientState.Stale);
        await client.SyncedAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
        await client.CommitAsync(Nb.NewSwitch(after, "after"));
        var next = await _cluster.LeaderAsync();
        Assert.NotEqual(leader, next);
        await client.MustAgreeAsync(next.Endpoint);
        Assert.All(new[] { before, after }, uuid => Assert.NotNull(client.Snapshot.Find(Nb.Switch, uuid)));
        Assert.Equal(1, client.Generation);
    }

    [Fact]
    public async Task The_client_follows_a_transfer_of_leadership_without_loading_again()
    {
        await using var client = Client(_cluster.Endpoints, leaderOnly: true);
        await client.SyncedAsync(Ct);
        var server = client.ServerId;
        var next = await _cluster.TransferLeadershipAsync();
        await Eventually.Holds("the client uses the new leader", () =>
            client.ServerId != server && client.State == OvsdbClientState.Synced
        );
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(next.Endpoint);
        Assert.Equal(1, client.Generation);
    }

    [Fact]
    public async Task Without_LeaderOnly_a_client_stays_with_a_follower_and_writes_through_it()
    {
        var follower = await FollowerAsync();
        await using var client = Client(follower.Endpoint, leaderOnly: false);
        await client.SyncedAsync(Ct);
        var server = client.ServerId;
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(follower.Endpoint);
        Assert.Equal((server, 1), (client.ServerId, client.Generation));
    }

    [Fact]
    public async Task With_LeaderOnly_a_client_does_not_use_a_follower()
    {
        var follower = await FollowerAsync();
        await using var client = Client(follower.Endpoint, leaderOnly: true);
        await Eventually.Holds("the reason is reported", () =>
            client.LastError == $"{follower.Endpoint} does not lead the cluster of {Nb.Name}"
        );
        Assert.Equal(OvsdbClientState.Connecting, client.State);
    }

    [Fact]
    public async Task A_client_leaves_a_member_that_has_lost_contact_with_its_cluster()
    {
        var follower = await FollowerAsync();
        await using var client = Client(follower.Endpoint, leaderOnly: false);
        await client.SyncedAsync(Ct);
        foreach (var other in _cluster.Members.Where(member => member != follower))
        {
            other.Pause();
        }

        await Eventually.Holds("the reason is reported", () =>
            client.LastError == $"{follower.Endpoint} has no contact with the cluster of {Nb.Name}"
        );
        Assert.Equal(OvsdbClientState.Stale, client.State);
        await _cluster.HealAsync();
        await client.SyncedAsync(Ct);
    }

    /// <summary>
    /// The interceptor replaces the log position of an up-to-date member, because a test cannot control how far a follower lags.
    /// </summary>
    [Fact]
    public async Task A_client_does_not_use_a_member_whose_log_is_older_than_the_contents_it_has_seen()
    {
        var lagging = await FollowerAsync();
        await using var interceptor = new Interceptor(lagging.Socket);
        await using var client = Client(interceptor.Endpoint, leaderOnly: false);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        interceptor.ToClient = message => LogIndex().Replace(message, "\"index\":1");
        await lagging.ControlAsync("ovsdb-server/reconnect");
        await Eventually.Holds("the reason is reported", () =>
            client.LastError?.StartsWith(
                $"{interceptor.Endpoint} has older contents of {Nb.Name} than were seen elsewhere: index 1 of ",
                StringComparison.Ordinal
            ) == true
        );
        Assert.Equal(OvsdbClientState.Stale, client.State);
        interceptor.ToClient = message => message;
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task Two_clients_can_hold_the_same_lock_on_two_members_of_a_cluster()
    {
        var (leader, follower) = (await _cluster.LeaderAsync(), await FollowerAsync());
        await using var first = await Nb.ConnectAsync(leader.Endpoint);
        await using var second = await Nb.ConnectAsync(follower.Endpoint);
        Assert.True(await first.LockAsync("nest", Ct));
        Assert.True(await second.LockAsync("nest", Ct));
        foreach (var connection in new[] { first, second })
        {
            (await connection.TransactAsync(Nb.Name, [Op.Assert("nest"), Nb.NewSwitch(Guid.NewGuid())], Ct)).MustCommit();
        }
    }

    [Fact]
    public async Task A_client_reads_and_writes_through_a_relay_and_leaves_it_when_it_has_lost_its_source()
    {
        await using var source = await OvsdbServer.StartNewAsync(tcp: true);
        var socket = Path.Combine(source.Folder, "relay.sock");
        await using var relay = ChildProcess.Start(
            "ovsdb-server",
            [
                $"--remote=punix:{socket}",
                $"--unixctl={socket}.ctl",
                "--no-chdir",
                "-vfile:off",
                "-vsyslog:off",
                $"relay:{Nb.Name}:{source.TcpEndpoint}",
            ]
        );
        await using var interceptor = new Interceptor(socket);
        await using var client = Client(interceptor.Endpoint, leaderOnly: false);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(source.Endpoint);
        await using (var strict = Client($"unix:{socket}", leaderOnly: true))
        {
            await Eventually.Holds("the reason is reported", () =>
                strict.LastError == $"unix:{socket} does not lead the cluster of {Nb.Name}"
            );
        }

        // A relay reports this after 30 s. The interceptor makes it report immediately.
        interceptor.ToClient = message => message.Replace("\"connected\":true", "\"connected\":false", StringComparison.Ordinal);
        await ChildProcess.RunAsync("ovs-appctl", ["-t", $"{socket}.ctl", "ovsdb-server/reconnect"]);
        await Eventually.Holds("the reason is reported", () =>
            client.LastError == $"{interceptor.Endpoint} is a relay without a connection to its source of {Nb.Name}"
        );
        Assert.Equal((OvsdbClientState.Stale, 1), (client.State, client.Snapshot.Table(Nb.Switch).Count));
        interceptor.ToClient = message => message;
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(source.Endpoint);
    }

    private static OvsdbClient Client(string endpoints, bool leaderOnly)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoints),
                Database = Nb.Name,
                Monitor = Nb.Tables,
                Indexes = [Nb.ByName, Nb.ByOwner],
                LeaderOnly = leaderOnly,
            }
        );
        client.Start();
        return client;
    }

    private async Task<RaftMember> FollowerAsync()
    {
        var leader = await _cluster.LeaderAsync();
        return _cluster.Members.First(member => member != leader);
    }

    [GeneratedRegex("\"index\":\\d+")]
    private static partial Regex LogIndex();

    public sealed class Servers : IAsyncLifetime
    {
        private RaftCluster? _cluster;

        public RaftCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not started.");

        public async ValueTask InitializeAsync() => _cluster = await RaftCluster.StartNewAsync();

        public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? default;
    }
}
