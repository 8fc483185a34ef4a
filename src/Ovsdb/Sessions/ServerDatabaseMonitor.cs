namespace Ovsdb;

/// <summary>
/// Monitors what a server reports about one of its databases (<c>_Server.Database</c>, ovsdb-server(5)). Ends the connection if the server
/// is not usable, or no longer. This is normal operation: the client then tries the next server.
/// </summary>
internal sealed class ServerDatabaseMonitor
{
    private static readonly ReplicaLayout NoTables = new([], [], null);

    private readonly Lock _gate = new(); // guards _usable and _nextReport
    private readonly OvsdbConnection _connection;
    private readonly ClusterProgress _progress;
    private readonly SessionOptions _options;
    private TaskCompletionSource _usable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _nextReport = new(TaskCreationOptions.RunContinuationsAsynchronously); // null if the server never reports

    private ServerDatabaseMonitor(OvsdbConnection connection, SessionOptions options, ClusterProgress progress) =>
        (_connection, _options, _progress) = (connection, options, progress);

    /// <summary>Starts to monitor.</summary>
    /// <param name="connection">The connection to the server.</param>
    /// <param name="options">The name of the database, and whether only the leader of its cluster is usable.</param>
    /// <param name="progress">The newest contents of the cluster that the client has seen.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    public static async Task<ServerDatabaseMonitor> StartAsync(
        OvsdbConnection connection,
        SessionOptions options,
        ClusterProgress progress,
        CancellationToken cancellationToken
    )
    {
        var monitor = new ServerDatabaseMonitor(connection, options, progress);
        DatabaseSchema schema;
        try
        {
            await connection.SetDatabaseChangeAwareAsync(cancellationToken);
            schema = await connection.GetSchemaAsync("_Server", cancellationToken);
        }
        catch (OvsdbException)
        {
            // Open vSwitch before 2.9. It supports neither clusters nor relays, and closes the connection when a database changes.
            monitor._usable.SetResult();
            monitor._nextReport = null;
            return monitor;
        }
        var replica = new Replica(NoTables, change => monitor.HandleReport(change.Snapshot));
        var layout = new ReplicaLayout(
            [new MonitoredTable("Database", ["name", "model", "connected", "leader", "cid", "index"])],
            [],
            schema
        );
        await connection.Monitors.StartAsync(
            "monitor",
            "_Server",
            "server",
            layout.WriteUnconditionalRequests,
            Guid.Empty,
            (ref reader, updates) => replica.Read(ref reader, updates, layout),
            null,
            cancellationToken
        );
        return monitor;
    }

    /// <summary>Completes when the server next reports a change of its databases; null if the server never reports.</summary>
    public Task? NextReport
    {
        get
        {
            lock (_gate)
            {
                return _nextReport?.Task;
            }
        }
    }

    /// <summary>
    /// Completes when the server has the database and is usable. Its row may be missing shortly after the start, and while the database is
    /// replaced.
    /// </summary>
    /// <exception cref="OvsdbNotConnectedException">The server is not usable.</exception>
    public async Task UsableAsync(CancellationToken cancellationToken)
    {
        Task usable;
        lock (_gate)
        {
            usable = _usable.Task;
        }

        await Task.WhenAny(usable, _connection.Completion).WaitAsync(cancellationToken);
        if (_connection.EndReason is { } reason)
        {
            throw new OvsdbNotConnectedException(reason);
        }
    }

    /// <summary>Handles a report, on the read loop.</summary>
    private void HandleReport(ReplicaSnapshot server)
    {
        var row = server.Table("Database").Values.FirstOrDefault(row => row["name"].AsString() == _options.Database);
        if (row is not null && FindProblem(row) is { } problem)
        {
            _connection.End($"{_connection.Endpoint} {problem}");
            return;
        }
        lock (_gate)
        {
            _nextReport?.TrySetResult();
            _nextReport = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>Returns why the server is not usable; null if it is.</summary>
    private string? FindProblem(Row row)
    {
        var model = row["model"].AsString();
        if (row.TryGet("connected", out var connected) && !connected.AsBoolean())
        {
            return model == "relay"
                ? $"is a relay without a connection to its source of {_options.Database}"
                : $"has no contact with the cluster of {_options.Database}";
        }

        if (_options.LeaderOnly && model != "standalone" && !row["leader"].AsBoolean())
        {
            return $"does not lead the cluster of {_options.Database}";
        }

        if (row["cid"].AsOptionalUuid() is not { } cluster || row["index"].AsOptionalInteger() is not { } index)
        {
            return null;
        }

        return _progress.TryAdvance(cluster, index)
            ? null
            : $"has older contents of {_options.Database} than were seen elsewhere: index {index} of {_progress.Index}";
    }
}
