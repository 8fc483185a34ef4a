namespace Ovsdb;

/// <summary>One connection of a client, from its first byte to its end: keeps the copy as its owner wishes it, also through a conversion of the database.</summary>
internal sealed class OvsdbSession : IAsyncDisposable
{
    // Newest first (Open vSwitch 2.12, 2.6, RFC 7047 §4.1.5).
    private static readonly string[] Methods = ["monitor_cond_since", "monitor_cond", "monitor"];

    private readonly OvsdbClientOptions _options;
    private readonly ServerWatch _watch;
    private readonly Replica _replica;
    private TaskCompletionSource _canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DatabaseSchema? _schema;
    private string? _monitor; // the id of the one that feeds the copy
    private ReplicaLayout? _layout;
    private int _monitors;
    private int _method;

    private OvsdbSession(OvsdbConnection connection, ServerWatch watch, OvsdbClientOptions options, Replica replica) =>
        (Connection, _watch, _options, _replica) = (connection, watch, options, replica);

    public OvsdbConnection Connection { get; }

    /// <summary>What the server's process calls itself; null for one that is too old to have a name.</summary>
    public Guid? ServerId { get; private set; }

    /// <summary>Ends when the server has ended the monitor because it converted or removed the database: what was known of that is void.</summary>
    public Task Canceled => _canceled.Task;

    /// <summary>What the wish asks for but this server's schema lacks.</summary>
    public IReadOnlyList<string> Missing => _layout?.Missing ?? [];

    /// <summary>Connects, and ends when the server has the database and will do.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="options">The client's.</param>
    /// <param name="progress">What the client has seen of a cluster.</param>
    /// <param name="replica">The client's copy.</param>
    /// <param name="time">For all times.</param>
    /// <param name="lost">Called when the link has ended, before anything that waits for it learns it.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="OvsdbNotConnectedException">It will not do, or not in time.</exception>
    public static async Task<OvsdbSession> OpenAsync(
        OvsdbEndpoint endpoint,
        OvsdbClientOptions options,
        ClusterProgress progress,
        Replica replica,
        TimeProvider time,
        Action lost,
        CancellationToken ct
    )
    {
        var limits = new OvsdbConnectionOptions
        {
            Tls = options.Tls,
            ConnectTimeout = options.ConnectTimeout,
            ProbeInterval = options.ProbeInterval,
            LoadTimeout = options.LoadTimeout,
        };
        var connection = await OvsdbConnection.ConnectAsync(endpoint, limits, time, lost, ct);
        try
        {
            using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
            var watch = await ServerWatch.BeginAsync(connection, options.Database, options.LeaderOnly, progress, either.Token);
            await watch.UsableAsync(either.Token);
            return new OvsdbSession(connection, watch, options, replica) { ServerId = await ServerIdAsync(connection, either.Token) };
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (e is OperationCanceledException && !ct.IsCancellationRequested)
            {
                throw new OvsdbNotConnectedException(
                    $"{endpoint} did not serve {options.Database} within {options.ConnectTimeout.TotalSeconds:0.#} s",
                    e
                );
            }

            throw;
        }
    }

    /// <summary>Ends the connection.</summary>
    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>Reads the schema, at the beginning and whenever the monitor was canceled: then everything must be loaded under it.</summary>
    /// <exception cref="OvsdbException">The server has no such database.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link was lost, or the database did not come back in time.</exception>
    public async Task<DatabaseSchema> ReadSchemaAsync(TimeProvider time, CancellationToken ct)
    {
        if (_canceled.Task.IsCompleted)
        {
            _canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_monitor, _layout) = (null, null);
            _replica.Forget();
        }
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            return _schema = await ReadSchemaAsync(either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new OvsdbNotConnectedException($"{Connection.Endpoint} no longer serves {_options.Database}", e);
        }
    }

    /// <summary>Ends when the copy is complete as wished; until then it stays as it was, followed by the old monitor.</summary>
    /// <exception cref="OvsdbException">The server refuses.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link was lost.</exception>
    public async Task LoadAsync(MonitorWish wish, CancellationToken ct)
    {
        var layout = new ReplicaLayout(wish.Tables, _options.Indexes, _schema);
        if (_monitor is { } monitor && _layout is { } present && layout.HasShapeOf(present))
        {
            await ChangeAsync(monitor, layout, present, ct);
        }
        else
        {
            await ReplaceAsync(layout, ct);
        }

        _layout = layout;
    }

    private async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct)
    {
        while (true)
        {
            var news = _watch.News;
            await _watch.UsableAsync(ct);
            try
            {
                return await Connection.GetSchemaAsync(_options.Database, ct);
            }
            catch (OvsdbException e) when (e.Error.Error == OvsdbError.UnknownDatabase && news is not null)
            {
                // The database has gone, which the server is about to say, or has said meanwhile. It may come back.
                await news.WaitAsync(ct);
            }
        }
    }

    private static async Task<Guid?> ServerIdAsync(OvsdbConnection connection, CancellationToken ct)
    {
        try
        {
            return await connection.GetServerIdAsync(ct);
        }
        catch (OvsdbException)
        {
            return null;
        }
    }

    private async Task ChangeAsync(string monitor, ReplicaLayout layout, ReplicaLayout present, CancellationToken ct)
    {
        if (layout.HasConditionsOf(present) || Methods[_method] == "monitor")
        {
            return;
        }
        // From here to the answer the copy stands between two conditions: should the link be lost meanwhile, it cannot be resumed.
        _replica.Conditions = null;
        await Connection.ChangeMonitorAsync(monitor, layout.WriteConditions, ct);
        _replica.Conditions = layout;
    }

    private async Task ReplaceAsync(ReplicaLayout layout, CancellationToken ct)
    {
        // Read here, once: a former monitor goes on moving the copy until the new one has taken over.
        var since = _replica.Conditions is { } conditions && layout.HasConditionsOf(conditions) ? _replica.LastTransaction : Guid.Empty;
        var id = $"copy{++_monitors}";
        await MonitorAsync(id, layout, since, ct);
        var former = _monitor;
        _monitor = id;
        if (former is null)
        {
            return;
        }

        try
        {
            await Connection.CancelMonitorAsync(former, ct);
        }
        catch (OvsdbException)
        {
            // The server has just ended it itself, because of the database, and says so of the new one, too. The copy is as wished all the same.
        }
    }

    private async Task MonitorAsync(string id, ReplicaLayout layout, Guid since, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await Connection.MonitorAsync(
                    Methods[_method],
                    _options.Database,
                    id,
                    Methods[_method] == "monitor" ? layout.WriteUnconditionalRequests : layout.WriteRequests,
                    since,
                    (ref reader, what) => _replica.Read(ref reader, what, layout),
                    () => _canceled.TrySetResult(),
                    ct
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
