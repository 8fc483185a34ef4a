namespace TestServers;

/// <summary>A clustered database on real servers of this machine, each with a unix socket, in one folder. Members can be killed, paused and started again.</summary>
public sealed class RaftCluster : IAsyncDisposable
{
    private readonly string _folder = Programs.NewFolder("raft");

    private RaftCluster(string database, int members) =>
        Members = [.. Enumerable.Range(0, members).Select(number => new RaftMember(_folder, number, database))];

    /// <summary>The members, the first of which made the cluster.</summary>
    public IReadOnlyList<RaftMember> Members { get; }

    /// <summary>The unix sockets of all members, with commas between them.</summary>
    public string Endpoints => string.Join(',', Members.Select(member => member.Endpoint));

    /// <summary>Makes a cluster and returns when every member has joined.</summary>
    /// <param name="schema">The path of the schema.</param>
    /// <param name="database">The database's name, as the schema has it.</param>
    /// <param name="members">How many servers, 1 to 9.</param>
    public static async Task<RaftCluster> StartNewAsync(
        string schema = OvsdbServer.Northbound,
        string database = "OVN_Northbound",
        int members = 3
    )
    {
        var cluster = new RaftCluster(database, members);
        try
        {
            var first = cluster.Members[0];
            await ChildProcess.RunAsync("ovsdb-tool", ["create-cluster", first.File, schema, first.Raft]);
            foreach (var member in cluster.Members)
            {
                if (member != first)
                {
                    await ChildProcess.RunAsync("ovsdb-tool", ["join-cluster", member.File, database, member.Raft, first.Raft]);
                }

                member.Start();
            }
            await Task.WhenAll(cluster.Members.Select(member => member.JoinedAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until one of the members that run leads, and returns it.</summary>
    public async Task<RaftMember> LeaderAsync() =>
        await Eventually.Becomes("a member leads", FindLeaderAsync, leader => leader is not null) ?? Members[0];

    /// <summary>Has the leader hand its office over, as it does before it compacts its log; returns the next leader when that leads.</summary>
    public async Task<RaftMember> TransferLeadershipAsync()
    {
        var former = await LeaderAsync();
        await former.ControlAsync("cluster/failure-test", "transfer-leadership");
        return await Eventually.Becomes("another member leads", FindLeaderAsync, leader => leader is not null && leader != former)
            ?? former;
    }

    /// <summary>Starts every member that does not run, has every paused one go on, and returns when all take part.</summary>
    public async Task HealAsync()
    {
        foreach (var member in Members)
        {
            member.Heal();
        }

        await Task.WhenAll(Members.Select(member => member.JoinedAsync()));
        await LeaderAsync();
    }

    /// <summary>Kills all members and removes the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
        {
            await member.KillAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<RaftMember?> FindLeaderAsync()
    {
        foreach (var member in Members.Where(member => member.Answers))
        {
            if (await member.LeadsAsync())
            {
                return member;
            }
        }
        return null;
    }
}

/// <summary>One server of a <see cref="RaftCluster"/>.</summary>
public sealed class RaftMember
{
    private readonly string _control;
    private readonly string _database;
    private ChildProcess? _process;

    internal RaftMember(string folder, int number, string database)
    {
        (_control, _database) = ($"{folder}/ctl{number}", database);
        (File, Socket, Raft) = ($"{folder}/db{number}", $"{folder}/{number}.sock", $"tcp:127.0.0.1:{PostgresServer.FreePort()}");
    }

    /// <summary>The endpoint for clients, <c>unix:/path</c>.</summary>
    public string Endpoint => $"unix:{Socket}";

    /// <summary>The path of the unix socket.</summary>
    public string Socket { get; }

    /// <summary>It runs and is not paused.</summary>
    public bool Answers => _process is not null && !IsPaused;

    /// <summary>It is stopped in the middle of what it did, its connections open and silent.</summary>
    public bool IsPaused { get; private set; }

    internal string File { get; }

    internal string Raft { get; }

    /// <summary>Starts it on its file.</summary>
    public void Start() =>
        _process = ChildProcess.Start(
            "ovsdb-server",
            [$"--remote=p{Endpoint}", $"--unixctl={_control}", "--no-chdir", "-vfile:off", "-vsyslog:off", File]
        );

    /// <summary>Kills it (SIGKILL) and waits until it has ended. Nothing happens if it does not run.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        (_process, IsPaused) = (null, false);
        await process.KillAsync();
        await process.DisposeAsync();
    }

    /// <summary>Pauses it (SIGSTOP).</summary>
    public void Pause()
    {
        _process?.Send(Signal.Pause);
        IsPaused = true;
    }

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Continue()
    {
        _process?.Send(Signal.Continue);
        IsPaused = false;
    }

    /// <summary>Has it do a command of ovsdb-server(1); returns what it says.</summary>
    /// <exception cref="ProgramFailedException">It refuses, or does not answer within 5 s.</exception>
    public Task<string> ControlAsync(params string[] command) =>
        ChildProcess.RunAsync("ovs-appctl", ["--timeout=5", "-t", _control, .. command]);

    /// <summary>Whether it takes itself for the leader.</summary>
    public async Task<bool> LeadsAsync() => (await StatusAsync()).Contains("Role: leader", StringComparison.Ordinal);

    /// <summary>Ends when it takes part in the cluster and knows a leader.</summary>
    public Task JoinedAsync() =>
        Eventually.Holds("the member takes part", async () =>
            await StatusAsync() is var status
            && status.Contains("Status: cluster member", StringComparison.Ordinal)
            && !status.Contains("Leader: unknown", StringComparison.Ordinal)
        );

    internal void Heal()
    {
        if (_process is null)
        {
            Start();
        }
        else if (IsPaused)
        {
            Continue();
        }
    }

    private Task<string> StatusAsync() => ControlAsync("cluster/status", _database);
}
