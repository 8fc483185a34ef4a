namespace Ovsdb;

/// <summary>
/// A connection of a client from its start to its end. It loads the replica and keeps it current, also when the database is converted.
/// </summary>
internal sealed class OvsdbSession : IAsyncDisposable
{
    // Newest first: Open vSwitch 2.12, Open vSwitch 2.6, RFC 7047 §4.1.5.
    private static readonly string[] Methods = ["monitor_cond_since", "monitor_cond", "monitor"];

    private readonly SessionOptions _options;
    private readonly ServerDatabaseMonitor _server;
    private readonly Replica _replica;
    private TaskCompletionSource _canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DatabaseSchema? _schema;
    private string? _monitor; // the id of the monitor that feeds the replica
    private ReplicaLayout? _layout;
    private int _lastMonitor;
    private int _method;

    private OvsdbSession(OvsdbConnection connection, ServerDatabaseMonitor server, SessionOptions options, Replica replica) =>
        (Connection, _server, _options, _replica) = (connection, server, options, replica);

    public OvsdbConnection Connection { get; }

    /// <summary>The id of the server process; null if the server is too old to have one.</summary>
    public Guid? ServerId { get; private init; }

    /// <summary>
    /// Completes when the server has ended the monitor because it converted or removed the database. The schema and the replica are then
    /// outdated.
    /// </summary>
    public Task Canceled => _canceled.Task;

    /// <summary>The monitored tables and columns that the server's schema does not have.</summary>
    public IReadOnlyList<string> Missing => _layout?.Missing ?? [];

    /// <summary>Connects, and waits until the server is usable and has the database.</summary>
    /// <param name="endpoint">The endpoint of the server.</param>
    /// <param name="options">The settings of the client.</param>
    /// <param name="progress">The newest contents of the cluster that the client has seen.</param>
    /// <param name="replica">The replica of the client.</param>
    /// <param name="onEnded">Called when the link has ended, before the waiting calls end.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="OvsdbNotConnectedException">The server is not usable, or not within the timeout.</exception>
    public static async Task<OvsdbSession> OpenAsync(
        OvsdbEndpoint endpoint,
        SessionOptions options,
        ClusterProgress progress,
        Replica replica,
        Action onEnded,
        CancellationToken cancellationToken
    )
    {
        var connection = await OvsdbConnection.ConnectAsync(endpoint, options.ConnectionOptions, onEnded, cancellationToken);
        try
        {
            using var timeout = new CancellationTokenSource(
                options.ConnectionOptions.ConnectTimeout,
                options.ConnectionOptions.TimeProvider
            );
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            var server = await ServerDatabaseMonitor.StartAsync(connection, options, progress, linked.Token);
            await server.UsableAsync(linked.Token);
            return new OvsdbSession(connection, server, options, replica) { ServerId = await GetServerIdAsync(connection, linked.Token) };
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new OvsdbNotConnectedException(
                    $"{endpoint} did not serve {options.Database} within {options.ConnectionOptions.ConnectTimeout.TotalSeconds:0.#} s",
                    e
                );
            }

            throw;
        }
    }

    /// <summary>Ends the connection.</summary>
    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>
    /// Reads the schema: at the start, and after <see cref="Canceled"/>. In the second case the replica must then be loaded again.
    /// </summary>
    /// <exception cref="OvsdbException">The server does not have the database.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link was lost, or the database did not return within the timeout.</exception>
    public async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken cancellationToken)
    {
        if (_canceled.Task.IsCompleted)
        {
            _canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_monitor, _layout) = (null, null);
            _replica.Forget();
        }
        using var timeout = new CancellationTokenSource(_options.ConnectionOptions.ConnectTimeout, _options.ConnectionOptions.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return _schema = await WaitForSchemaAsync(linked.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OvsdbNotConnectedException($"{Connection.Endpoint} no longer serves {_options.Database}", e);
        }
    }

    /// <summary>Loads the replica. Until it is complete, it keeps its contents, and the previous monitor continues.</summary>
    /// <param name="monitored">The tables to replicate.</param>
    /// <param name="cancellationToken">Cancels the load.</param>
    /// <exception cref="OvsdbException">The server rejects the request.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link was lost.</exception>
    public async Task LoadAsync(IReadOnlyList<MonitoredTable> monitored, CancellationToken cancellationToken)
    {
        var layout = new ReplicaLayout(monitored, _options.Indexes, _schema);
        if (_monitor is { } monitor && _layout is { } current && layout.HasSameShape(current))
        {
            await ChangeConditionsAsync(monitor, layout, current, cancellationToken);
        }
        else
        {
            await ReplaceMonitorAsync(layout, cancellationToken);
        }

        _layout = layout;
    }

    private async Task<DatabaseSchema> WaitForSchemaAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var nextReport = _server.NextReport;
            await _server.UsableAsync(cancellationToken);
            try
            {
                return await Connection.GetSchemaAsync(_options.Database, cancellationToken);
            }
            catch (OvsdbException e) when (e.Error.Error == OvsdbError.UnknownDatabase && nextReport is not null)
            {
                // The database was removed. The server reports this soon, or has reported it meanwhile. The database may return.
                await nextReport.WaitAsync(cancellationToken);
            }
        }
    }

    private static async Task<Guid?> GetServerIdAsync(OvsdbConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.GetServerIdAsync(cancellationToken);
        }
        catch (OvsdbException)
        {
            return null;
        }
    }

    private async Task ChangeConditionsAsync(
        string monitor,
        ReplicaLayout layout,
        ReplicaLayout current,
        CancellationToken cancellationToken
    )
    {
        if (layout.HasSameConditions(current) || Methods[_method] == "monitor")
        {
            return;
        }

        // Until the answer arrives, the replica fulfils neither the old nor the new conditions. If the link is lost meanwhile, it
        // cannot be resumed.
        _replica.Conditions = null;
        await Connection.Monitors.ChangeAsync(monitor, layout.WriteConditions, cancellationToken);
        _replica.Conditions = layout;
    }

    private async Task ReplaceMonitorAsync(ReplicaLayout layout, CancellationToken cancellationToken)
    {
        // Read once, because the previous monitor changes the replica until the new one has replaced it.
        var canResume = _replica.Conditions is { } conditions && layout.HasSameConditions(conditions);
        var since = canResume ? _replica.LastTransaction : Guid.Empty;
        var id = $"copy{++_lastMonitor}";
        await StartMonitorAsync(id, layout, since, cancellationToken);
        var previous = _monitor;
        _monitor = id;
        if (previous is null)
        {
            return;
        }

        try
        {
            await Connection.Monitors.CancelAsync(previous, cancellationToken);
        }
        catch (OvsdbException)
        {
            // The server has just ended the previous monitor because of a change of the database, and will report the same for the new one.
        }
    }

    private async Task StartMonitorAsync(string id, ReplicaLayout layout, Guid since, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Connection.Monitors.StartAsync(
                    Methods[_method],
                    _options.Database,
                    id,
                    Methods[_method] == "monitor" ? layout.WriteUnconditionalRequests : layout.WriteRequests,
                    since,
                    (ref reader, updates) => _replica.Read(ref reader, updates, layout),
                    () => _canceled.TrySetResult(),
                    cancellationToken
                );
                return;
            }
            catch (OvsdbException e) when (e.Error.Error == OvsdbError.UnknownMethod && _method + 1 < Methods.Length)
            {
                _method++;
            }
        }
    }
}
