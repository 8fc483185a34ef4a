namespace TestServers;

/// <summary>
/// A clustered OVSDB database (ovsdb(7), <c>Clustered Database Service Model</c>). Each member is an ovsdb-server process with its own unix
/// socket, which can be killed, paused and started again.
/// </summary>
public sealed class RaftCluster : IAsyncDisposable
{
    private readonly string _folder = Programs.NewFolder("raft");

    private RaftCluster(string database, int members) =>
        Members = [.. Enumerable.Range(0, members).Select(number => new RaftMember(_folder, number, database))];

    /// <summary>The members. The first one created the cluster.</summary>
    public IReadOnlyList<RaftMember> Members { get; }

    /// <summary>The endpoints of all members, separated by commas.</summary>
    public string Endpoints => string.Join(',', Members.Select(member => member.Endpoint));

    /// <summary>Starts a cluster. Returns when every member has joined.</summary>
    /// <param name="schema">The path of the schema.</param>
    /// <param name="database">The name of the database in the schema.</param>
    /// <param name="members">The number of members, 1 to 9.</param>
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
            await Task.WhenAll(cluster.Members.Select(member => member.WaitUntilJoinedAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a running member is the leader, and returns it.</summary>
    public async Task<RaftMember> LeaderAsync() =>
        await Eventually.Becomes("a member is the leader", FindLeaderAsync, leader => leader is not null) ?? Members[0];

    /// <summary>
    /// Makes the leader transfer its leadership, as it does before a compaction of its log. Waits for the new leader, and returns it.
    /// </summary>
    public async Task<RaftMember> TransferLeadershipAsync()
    {
        var former = await LeaderAsync();
        await former.ControlAsync("cluster/failure-test", "transfer-leadership");
        return await Eventually.Becomes("another member is the leader", FindLeaderAsync, leader => leader is not null && leader != former)
            ?? former;
    }

    /// <summary>Starts the killed members and continues the paused ones. Returns when all have joined and one is the leader.</summary>
    public async Task HealAsync()
    {
        foreach (var member in Members)
        {
            member.Heal();
        }

        await Task.WhenAll(Members.Select(member => member.WaitUntilJoinedAsync()));
        await LeaderAsync();
    }

    /// <summary>Kills all members and deletes their files.</summary>
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
        foreach (var member in Members.Where(member => member.IsRunning))
        {
            if (await member.IsLeaderAsync())
            {
                return member;
            }
        }
        return null;
    }
}

/// <summary>A member of a <see cref="RaftCluster"/>.</summary>
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

    /// <summary>Whether the member runs and is not paused.</summary>
    public bool IsRunning => _process is not null && !IsPaused;

    /// <summary>Whether the member is paused: its connections are open but get no answer.</summary>
    public bool IsPaused { get; private set; }

    internal string File { get; }

    internal string Raft { get; }

    /// <summary>Starts the member with its database file.</summary>
    public void Start() =>
        _process = ChildProcess.Start(
            "ovsdb-server",
            [$"--remote=p{Endpoint}", $"--unixctl={_control}", "--no-chdir", "-vfile:off", "-vsyslog:off", File]
        );

    /// <summary>Kills the member (SIGKILL). Does nothing if it does not run.</summary>
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

    /// <summary>Pauses the member (SIGSTOP).</summary>
    public void Pause()
    {
        _process?.Send(Signal.Pause);
        IsPaused = true;
    }

    /// <summary>Continues the paused member (SIGCONT).</summary>
    public void Continue()
    {
        _process?.Send(Signal.Continue);
        IsPaused = false;
    }

    /// <summary>Runs a management command (ovsdb-server(1), <c>RUNTIME MANAGEMENT COMMANDS</c>), and returns its output.</summary>
    /// <exception cref="ProgramFailedException">The command failed, or there was no answer within 5 s.</exception>
    public Task<string> ControlAsync(params string[] command) =>
        ChildProcess.RunAsync("ovs-appctl", ["--timeout=5", "-t", _control, .. command]);

    /// <summary>Returns whether the member reports that it is the leader.</summary>
    public async Task<bool> IsLeaderAsync() => (await StatusAsync()).Contains("Role: leader", StringComparison.Ordinal);

    /// <summary>Waits until the member has joined the cluster and knows the leader.</summary>
    public Task WaitUntilJoinedAsync() =>
        Eventually.Holds("the member has joined the cluster", async () =>
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
