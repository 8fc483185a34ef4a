using System.Net;
using System.Net.Sockets;
using TestServers;

namespace Ovsdb.Tests;

public sealed class ClusterTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_leader_dies_the_client_goes_on_with_the_next_from_where_its_copy_stands()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var client = new OvsdbClient(new OvsdbClientOptions
        {
            Endpoints = [.. cluster.Members.Select(member => OvsdbEndpoint.Parse(member.Endpoint))],
            Database = Nb.Name,
            Monitor = Nb.Tables,
            Indexes = [Nb.ByName, Nb.ByOwner],
            LeaderOnly = true,
        });
        client.Start();
        await client.SyncedAsync(Ct);
        var (before, after) = (Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync(Nb.NewSwitch(before, "before"));
        var leader = await cluster.LeaderAsync();
        await leader.KillAsync();
        await Eventually.Holds("the client knows", () => client.State == OvsdbClientState.Stale);
        await client.SyncedAsync(Ct).WaitAsync(Eventually.Deadline, Ct);
        await client.CommitAsync(Nb.NewSwitch(after, "after"));
        var next = await cluster.LeaderAsync();
        Assert.NotEqual(leader, next);
        await client.MustAgreeAsync(next.Endpoint);
        Assert.Equal((2, 1), (client.Snapshot.Table(Nb.Switch).Count, client.Generation));
    }

    /// <summary>A cluster of three real servers on this machine.</summary>
    private sealed class Cluster : IAsyncDisposable
    {
        private readonly string _folder = Programs.NewFolder("raft");

        private Cluster() => Members = [.. Enumerable.Range(0, 3).Select(i => new Member(_folder, i))];

        public Member[] Members { get; }

        public static async Task<Cluster> StartAsync()
        {
            var cluster = new Cluster();
            try
            {
                var first = cluster.Members[0];
                await ChildProcess.RunAsync("ovsdb-tool", ["create-cluster", first.Database, OvsdbServer.Northbound, first.Raft]);
                foreach (var member in cluster.Members)
                {
                    if (member != first)
                        await ChildProcess.RunAsync("ovsdb-tool", ["join-cluster", member.Database, Nb.Name, member.Raft, first.Raft]);
                    member.Start();
                }
                foreach (var member in cluster.Members)
                    await Eventually.Holds("the member has joined", async () => (await member.StatusAsync()).TryGetValue("connected", out var connected) && connected.AsBoolean());
                return cluster;
            }
            catch
            {
                await cluster.DisposeAsync();
                throw;
            }
        }

        public async Task<Member> LeaderAsync()
        {
            foreach (var member in Members.Where(member => member.IsRunning))
                if ((await member.StatusAsync())["leader"].AsBoolean())
                    return member;
            throw new InvalidOperationException("The cluster has no leader.");
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var member in Members)
                await member.KillAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private sealed class Member(string folder, int number)
    {
        private ChildProcess? _process;

        public string Database { get; } = $"{folder}/db{number}";

        public string Raft { get; } = $"tcp:127.0.0.1:{FreePort()}";

        public string Endpoint { get; } = $"unix:{folder}/{number}.sock";

        public bool IsRunning => _process is not null;

        public void Start() =>
            _process = ChildProcess.Start("ovsdb-server", [$"--remote=p{Endpoint}", $"--unixctl={folder}/ctl{number}", "--no-chdir", "-vfile:off", "-vsyslog:off", Database]);

        public async Task KillAsync()
        {
            if (_process is not { } process)
                return;
            await process.KillAsync();
            await process.DisposeAsync();
            _process = null;
        }

        public async Task<IReadOnlyDictionary<string, OvsdbValue>> StatusAsync()
        {
            await using var connection = await Nb.ConnectAsync(Endpoint);
            var select = Op.Select("Database", [Where.Equal("name", Nb.Name)]);
            return (await connection.TransactAsync("_Server", [select], Ct)).MustCommit()[0].Rows.Single().Columns;
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
