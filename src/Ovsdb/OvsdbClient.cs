namespace Ovsdb;

/// <summary>
/// Keeps a connection to one database and a copy of what it monitors: connects, loads, follows, and after a loss does so again.
/// Safe for use by many at once.
/// </summary>
public sealed class OvsdbClient : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _state, _synced, _wish and the order of what is posted with them
    private readonly CancellationTokenSource _ending = new();
    private readonly OvsdbClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Dispatcher _dispatcher;
    private readonly Replica _replica;
    private readonly Backoff _backoff;
    private TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _wished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MonitorWish _wish;
    private volatile OvsdbClientState _state;
    private OvsdbConnection? _connection;
    private Task? _loop;
    private bool _disposed;

    /// <summary>A client that does nothing yet, see <see cref="Start"/>.</summary>
    /// <param name="options">What to connect to and what to copy.</param>
    /// <param name="time">The clock of time-outs and waits; null for the system's.</param>
    /// <exception cref="ArgumentException">No endpoint, a table twice, or an index name twice.</exception>
    public OvsdbClient(OvsdbClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Endpoints.Count == 0)
            throw new ArgumentException("At least one endpoint is needed.", nameof(options));
        (_options, _time) = (options, time ?? TimeProvider.System);
        _wish = new MonitorWish(options.Monitor);
        _backoff = new Backoff(options.ReconnectMinimum, options.ReconnectMaximum);
        _replica = new Replica(new ReplicaLayout([], options.Indexes, null), change => _dispatcher?.Post(() => Changed?.Invoke(change)));
        _dispatcher = new Dispatcher(e => LastError = $"a handler of an event failed: {e.Message}");
    }

    /// <summary>
    /// Raised after the copy and its indexes have changed: once for each transaction of the server that changed it, in order, and once for each load.
    /// Never on the read loop, no lock held. A handler must not block, for the next one waits; it may look at <see cref="Snapshot"/>, which may be newer.
    /// </summary>
    public event Action<ReplicaChange>? Changed;

    /// <summary>Raised after <see cref="State"/> has changed, in order with <see cref="Changed"/>. A handler must not block.</summary>
    public event Action<OvsdbClientState>? StateChanged;

    /// <summary>How far the copy can be trusted.</summary>
    public OvsdbClientState State => _state;

    /// <summary>Why there is, or last was, no connection, in the server's or the system's words; null if there never was a reason.
    /// Or what a handler of an event has thrown.</summary>
    public string? LastError { get; private set; }

    /// <summary>The schema of the server connected to last; null before the first connection.</summary>
    public DatabaseSchema? Schema { get; private set; }

    /// <summary>What is monitored but the server's schema lacks, as <c>Table</c> or <c>Table.column</c>: empty when read, refused when written.</summary>
    public IReadOnlyList<string> MissingColumns { get; private set; } = [];

    /// <summary>The copy: immutable, of one moment of the server, and when <see cref="TransactAsync"/> has ended with what that changed. Empty before the first load.</summary>
    public ReplicaSnapshot Snapshot => _replica.Snapshot;

    /// <summary>Grows with every completed load of the copy; 0 before the first.</summary>
    public long Generation => Snapshot.Generation;

    /// <summary>Begins to connect, in the background, until <see cref="DisposeAsync"/>. Not twice.</summary>
    public void Start()
    {
        if (_loop is not null)
            throw new InvalidOperationException("The client has been started.");
        _loop = Task.Run(() => RunAsync(_ending.Token));
    }

    /// <summary>Ends as soon as the state is <see cref="OvsdbClientState.Synced"/>, at once if it is.</summary>
    /// <exception cref="ObjectDisposedException">The client was disposed meanwhile.</exception>
    public Task SyncedAsync(CancellationToken ct)
    {
        lock (_gate)
            return _synced.Task.WaitAsync(ct);
    }

    /// <summary>Sends a transaction on the current connection. What the server's schema does not allow is rejected without being sent.</summary>
    /// <param name="ops">The operations, all or none of which are done.</param>
    /// <param name="ct">Before the transaction is sent it throws; afterwards it gives <see cref="Unknown"/>, for the server may have committed.</param>
    /// <exception cref="OvsdbNotConnectedException">There is no connection; nothing was sent.</exception>
    public Task<TransactOutcome> TransactAsync(IReadOnlyList<Op> ops, CancellationToken ct = default) => Connected().TransactAsync(_options.Database, ops, ct);

    /// <summary>Ends when the server has answered.</summary>
    /// <exception cref="OvsdbNotConnectedException">There is no connection, or it was lost meanwhile.</exception>
    public Task EchoAsync(CancellationToken ct) => Connected().EchoAsync(ct);

    /// <summary>
    /// Asks for a copy of something else: other conditions, columns or tables. Ends when the copy is complete as asked; until then it stays as it was.
    /// Cancelling ends the waiting, not the change.
    /// </summary>
    /// <exception cref="OvsdbException">The server refuses it: ask for something else.</exception>
    /// <exception cref="ArgumentException">A table occurs twice.</exception>
    public Task ReplaceMonitorAsync(IReadOnlyList<MonitoredTable> monitor, CancellationToken ct)
    {
        MonitorWish wish;
        lock (_gate)
        {
            _wish = wish = new MonitorWish(monitor, _wish);
            _wished.TrySetResult();
        }
        return wish.Fulfilled.WaitAsync(ct);
    }

    /// <summary>Ends the connection and everything that waits for it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await _ending.CancelAsync();
        if (_loop is not null)
            await _loop;
        lock (_gate)
        {
            _synced.TrySetException(new ObjectDisposedException(nameof(OvsdbClient)));
            _ = _synced.Task.Exception; // seen, even if nobody waits
            _wish.Fail(new ObjectDisposedException(nameof(OvsdbClient)));
        }
        await _dispatcher.DisposeAsync();
        _ending.Dispose();
    }

    private OvsdbConnection Connected() => Volatile.Read(ref _connection)
        ?? throw new OvsdbNotConnectedException($"No connection to {_options.Database}{(LastError is { } reason ? $": {reason}" : "")}");

    private async Task RunAsync(CancellationToken ct)
    {
        var round = new Queue<OvsdbEndpoint>();
        for (var first = true; !ct.IsCancellationRequested; first = false)
        {
            if (!first)
                Metrics.Reconnects.Add(1);
            try
            {
                await Task.Delay(_backoff.Next(), _time, ct);
                if (round.Count == 0)
                    round = new Queue<OvsdbEndpoint>(_options.Endpoints.Shuffle());
                LastError = await ConnectAndFollowAsync(round.Dequeue(), ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The boundary of the loop: whatever went wrong with this connection, the next may do better.
                LastError = e.Message;
            }
            finally
            {
                Lose();
            }
        }
    }

    /// <summary>Ends with the connection; gives the reason.</summary>
    private async Task<string> ConnectAndFollowAsync(OvsdbEndpoint endpoint, CancellationToken ct)
    {
        var limits = new OvsdbConnectionOptions
        {
            ConnectTimeout = _options.ConnectTimeout,
            ProbeInterval = _options.ProbeInterval,
            LoadTimeout = _options.LoadTimeout,
        };
        await using var connection = await OvsdbConnection.ConnectAsync(endpoint, limits, _time, Lose, ct);
        if (_options.LeaderOnly)
            await LeaderWatch.BeginAsync(connection, _options.Database, _options.ConnectTimeout, _time, ct);
        var schema = Schema = await connection.GetSchemaAsync(_options.Database, ct);
        var session = new OvsdbSession(connection, _options.Database, schema, _replica, _options.Indexes);
        lock (_gate)
        {
            if (connection.EndReason is { } reason)
                return reason;
            Volatile.Write(ref _connection, connection);
            if (Generation == 0)
                Enter(OvsdbClientState.Loading);
        }
        long? synced = null;
        try
        {
            while (true)
            {
                var (wish, changed) = Wish();
                await LoadAsync(connection, session, wish, ct);
                synced ??= _time.GetTimestamp();
                if (await Task.WhenAny(connection.Completion, changed).WaitAsync(ct) != changed)
                    return connection.EndReason ?? "";
            }
        }
        finally
        {
            // A link that broke as soon as it was synced, or for an update that did not fit, may do so again: no reason for haste.
            if (synced is { } since && _time.GetElapsedTime(since) >= _options.ReconnectMinimum && !_replica.IsInconsistent)
                _backoff.Reset();
        }
    }

    private async Task LoadAsync(OvsdbConnection connection, OvsdbSession session, MonitorWish wish, CancellationToken ct)
    {
        var began = _time.GetTimestamp();
        try
        {
            await session.LoadAsync(wish, ct);
        }
        catch (OvsdbException e)
        {
            wish.Fail(e);
            throw;
        }
        Metrics.Loaded(_options.Database, _time.GetElapsedTime(began));
        MissingColumns = session.Missing;
        lock (_gate)
        {
            // Its end comes to Lose after this, or is seen here.
            if (connection.EndReason is not null)
                return;
            Enter(OvsdbClientState.Synced);
        }
        wish.Fulfil();
    }

    private (MonitorWish Wish, Task Changed) Wish()
    {
        lock (_gate)
        {
            if (_wished.Task.IsCompleted)
                _wished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (_wish, _wished.Task);
        }
    }

    /// <summary>Before a transaction ends as unknown, the copy says that it is stale: whoever then waits for it to be synced reads what became of it.</summary>
    private void Lose()
    {
        lock (_gate)
        {
            Volatile.Write(ref _connection, null);
            Enter(Generation > 0 ? OvsdbClientState.Stale : OvsdbClientState.Connecting);
        }
    }

    private void Enter(OvsdbClientState state)
    {
        lock (_gate)
        {
            if (_state == state)
                return;
            _state = state;
            if (state == OvsdbClientState.Synced)
                _synced.TrySetResult();
            else if (_synced.Task.IsCompleted)
                _synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _dispatcher.Post(() => StateChanged?.Invoke(state));
        }
    }
}
