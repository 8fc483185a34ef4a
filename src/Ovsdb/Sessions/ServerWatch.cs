namespace Ovsdb;

/// <summary>Watches what a server says of one of its databases (<c>_Server.Database</c>, ovsdb-server(5)): the connection ends when the server will not do,
/// or no longer. That is normal operation: the next server will.</summary>
internal sealed class ServerWatch
{
    private static readonly ReplicaLayout Nothing = new([], [], null);

    private readonly Lock _gate = new(); // guards _usable and _news
    private readonly OvsdbConnection _connection;
    private readonly ClusterProgress _progress;
    private readonly string _database;
    private readonly bool _leaderOnly;
    private TaskCompletionSource _usable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _news = new(TaskCreationOptions.RunContinuationsAsynchronously); // null: none will ever come

    private ServerWatch(OvsdbConnection connection, string database, bool leaderOnly, ClusterProgress progress) =>
        (_connection, _database, _leaderOnly, _progress) = (connection, database, leaderOnly, progress);

    /// <summary>Begins to watch.</summary>
    /// <param name="connection">To the server.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="leaderOnly">A member of a cluster that does not lead it will not do, nor will a relay.</param>
    /// <param name="progress">What the client has seen of the cluster.</param>
    /// <param name="ct">Ends the attempt.</param>
    public static async Task<ServerWatch> BeginAsync(
        OvsdbConnection connection,
        string database,
        bool leaderOnly,
        ClusterProgress progress,
        CancellationToken ct
    )
    {
        var watch = new ServerWatch(connection, database, leaderOnly, progress);
        DatabaseSchema schema;
        try
        {
            await connection.SetDatabaseChangeAwareAsync(ct);
            schema = await connection.GetSchemaAsync("_Server", ct);
        }
        catch (OvsdbException)
        {
            // Open vSwitch before 2.9, which has neither clusters nor relays, and ends the link when a database changes.
            watch._usable.SetResult();
            watch._news = null;
            return watch;
        }
        var replica = new Replica(Nothing, change => watch.Judge(change.Snapshot));
        var layout = new ReplicaLayout(
            [new MonitoredTable("Database", ["name", "model", "connected", "leader", "cid", "index"])],
            [],
            schema
        );
        await connection.MonitorAsync(
            "monitor",
            "_Server",
            "server",
            layout.WriteUnconditionalRequests,
            Guid.Empty,
            (ref reader, what) => replica.Read(ref reader, what, layout),
            null,
            ct
        );
        return watch;
    }

    /// <summary>Ends when the server next says something of its databases; null if it never does.</summary>
    public Task? News
    {
        get
        {
            lock (_gate)
            {
                return _news?.Task;
            }
        }
    }

    /// <summary>Ends when the server has the database and will do, at once if so. Its row may be missing in the first moments, and while it is replaced.</summary>
    /// <exception cref="OvsdbNotConnectedException">It will not do.</exception>
    public async Task UsableAsync(CancellationToken ct)
    {
        Task usable;
        lock (_gate)
        {
            usable = _usable.Task;
        }

        await Task.WhenAny(usable, _connection.Completion).WaitAsync(ct);
        if (_connection.EndReason is { } reason)
        {
            throw new OvsdbNotConnectedException(reason);
        }
    }

    // On the read loop.
    private void Judge(ReplicaSnapshot server)
    {
        var row = server.Table("Database").Values.FirstOrDefault(row => row["name"].AsString() == _database);
        if (row is not null && Refuse(row) is { } refusal)
        {
            _connection.End($"{_connection.Endpoint} {refusal}");
            return;
        }
        lock (_gate)
        {
            _news?.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (row is not null)
            {
                _usable.TrySetResult();
            }
            else if (_usable.Task.IsCompleted)
            {
                _usable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private string? Refuse(Row row)
    {
        var model = row["model"].AsString();
        if (row.TryGet("connected", out var connected) && !connected.AsBoolean())
        {
            return model == "relay"
                ? $"is a relay without a connection to its source of {_database}"
                : $"has no contact with the cluster of {_database}";
        }

        if (_leaderOnly && model != "standalone" && !row["leader"].AsBoolean())
        {
            return $"does not lead the cluster of {_database}";
        }

        if (row["cid"].AsOptionalUuid() is not { } cluster || row["index"].AsOptionalInteger() is not { } index)
        {
            return null;
        }

        return _progress.IsBehind(cluster, index)
            ? $"has older contents of {_database} than were seen elsewhere: index {index} of {_progress.Index}"
            : null;
    }
}
