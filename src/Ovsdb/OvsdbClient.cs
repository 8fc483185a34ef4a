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
    private readonly ClusterProgress _progress = new();
    private readonly TimeProvider _time;
    private readonly Dispatcher _dispatcher;
    private readonly ClientLocks _locks;
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
    /// <exception cref="ArgumentException">No endpoint, an <c>ssl:</c> endpoint without TLS settings, a table or a column of it twice, or an index name twice.</exception>
    public OvsdbClient(OvsdbClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Endpoints.Count == 0)
        {
            throw new ArgumentException("At least one endpoint is needed.", nameof(options));
        }

        foreach (var endpoint in options.Endpoints)
        {
            endpoint.Require(options.Tls);
        }

        (_options, _time) = (options, time ?? TimeProvider.System);
        _wish = new MonitorWish(options.Monitor);
        _backoff = new Backoff(options.ReconnectMinimum, options.ReconnectMaximum);
        _replica = new Replica(new ReplicaLayout([], options.Indexes, null), change => _dispatcher?.Post(() => Changed?.Invoke(change)));
        _locks = new ClientLocks(raise => _dispatcher?.Post(raise));
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

    /// <summary>What the process of the server connected to last calls itself; null before the first connection, and for one older than Open vSwitch 2.12.
    /// Another than before is another server, or one that was restarted: a standalone server may have lost what it committed last, so compare everything.</summary>
    public Guid? ServerId { get; private set; }

    /// <summary>What is monitored but the server's schema lacks, as <c>Table</c> or <c>Table.column</c>: empty when read, refused when written.</summary>
    public IReadOnlyList<string> MissingColumns { get; private set; } = [];

    /// <summary>The copy: immutable, of one moment of the server, and when <see cref="TransactAsync"/> has ended with what that changed. Empty before the first load.</summary>
    public ReplicaSnapshot Snapshot => _replica.Snapshot;

    /// <summary>Grows with every completed load of the copy; 0 before the first.</summary>
    public long Generation => Snapshot.Generation;

    /// <summary>Begins to connect, in the background, until <see cref="DisposeAsync"/>. Not twice.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed before.</exception>
    public void Start()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (_loop is not null)
        {
            throw new InvalidOperationException("The client has been started.");
        }

        Metrics.Show(this, _options.Database);
        _loop = Task.Run(() => RunAsync(_ending.Token));
    }

    /// <summary>Ends as soon as the state is <see cref="OvsdbClientState.Synced"/>, at once if it is.</summary>
    /// <exception cref="ObjectDisposedException">The client was disposed meanwhile.</exception>
    public Task SyncedAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            return _synced.Task.WaitAsync(ct);
        }
    }

    /// <summary>Sends a transaction on the current connection. What the server's schema does not allow is rejected without being sent.</summary>
    /// <param name="ops">The operations, all or none of which are done.</param>
    /// <param name="ct">Before the transaction is sent it throws; afterwards it gives <see cref="Unknown"/>, for the server may have committed.</param>
    /// <exception cref="OvsdbNotConnectedException">There is no connection; nothing was sent.</exception>
    public Task<TransactOutcome> TransactAsync(IReadOnlyList<Op> ops, CancellationToken ct = default) =>
        Volatile.Read(ref _connection)?.TransactAsync(_options.Database, ops, ct) ?? Task.FromException<TransactOutcome>(NotConnected());

    /// <summary>Ends when the server has answered.</summary>
    /// <exception cref="OvsdbNotConnectedException">There is no connection, or it was lost meanwhile.</exception>
    public Task EchoAsync(CancellationToken ct) => Volatile.Read(ref _connection)?.EchoAsync(ct) ?? Task.FromException(NotConnected());

    /// <summary>
    /// Asks for a copy of something else: other conditions, columns or tables. Ends when the copy is complete as asked; until then it stays as it was.
    /// Cancelling ends the waiting, not the change.
    /// </summary>
    /// <exception cref="OvsdbException">The server refuses it: ask for something else.</exception>
    /// <exception cref="ArgumentException">A table occurs twice, or a column of one.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task ReplaceMonitorAsync(IReadOnlyList<MonitoredTable> monitor, CancellationToken ct)
    {
        MonitorWish wish;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this); // else DisposeAsync fails the wish
            _wish = wish = new MonitorWish(monitor, _wish);
            _wished.TrySetResult();
        }
        return wish.Fulfilled.WaitAsync(ct);
    }

    /// <summary>
    /// Asks for a lock of the server (RFC 7047 §4.1.8), on this connection and every later one, until it is disposed. Ends when it has been asked for, which
    /// is at the next connection if there is none now; <see cref="OvsdbLock.HeldAsync"/> waits until it is held.
    /// </summary>
    /// <param name="lockId">Letters, digits and underscores, no digit first.</param>
    /// <param name="ct">Ends the waiting, and the asking: it may be asked for again as soon as the server has taken it back.</param>
    /// <exception cref="ArgumentException">It is no such id, or this client asks for it already.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task<OvsdbLock> LockAsync(string lockId, CancellationToken ct) =>
        _locks.AskAsync(lockId, () => Volatile.Read(ref _connection), ct);

    /// <summary>Ends the connection and everything that waits for it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        Metrics.Hide(this);
        await _ending.CancelAsync();
        if (_loop is not null)
        {
            await _loop;
        }

        lock (_gate)
        {
            _synced.TrySetException(new ObjectDisposedException(nameof(OvsdbClient)));
            _ = _synced.Task.Exception; // seen, even if nobody waits
            _wish.Fail(new ObjectDisposedException(nameof(OvsdbClient)));
        }
        _locks.End();
        await _dispatcher.DisposeAsync();
        _ending.Dispose();
    }

    private OvsdbNotConnectedException NotConnected() =>
        new($"No connection to {_options.Database}{(LastError is { } reason ? $": {reason}" : "")}");

    private async Task RunAsync(CancellationToken ct)
    {
        var round = new Queue<OvsdbEndpoint>();
        for (var first = true; !ct.IsCancellationRequested; first = false)
        {
            if (!first)
            {
                Metrics.Reconnect(_options.Database);
            }

            try
            {
                if (round.Count == 0)
                {
                    await Task.Delay(_backoff.Next(), _time, ct);
                    round = new Queue<OvsdbEndpoint>(_options.Endpoints.Shuffle());
                }
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
        await using var session = await OvsdbSession.OpenAsync(endpoint, _options, _progress, _replica, _time, Lose, ct);
        ServerId = session.ServerId;
        long? synced = null;
        try
        {
            while (true)
            {
                Schema = await session.ReadSchemaAsync(_time, ct);
                await PublishAsync(session.Connection, ct);
                do
                {
                    var (wish, changed) = Wish();
                    await LoadAsync(session, wish, ct);
                    synced ??= _time.GetTimestamp();
                    await Task.WhenAny(session.Connection.Completion, session.Canceled, changed).WaitAsync(ct);
                } while (session.Connection.EndReason is null && !session.Canceled.IsCompleted);
                if (session.Connection.EndReason is { } reason)
                {
                    return reason;
                }

                lock (_gate)
                {
                    Enter(Generation > 0 ? OvsdbClientState.Stale : OvsdbClientState.Loading);
                }
            }
        }
        finally
        {
            // A link that broke as soon as it was synced, or for an update that did not fit, may do so again: no reason for haste.
            if (synced is { } since && _time.GetElapsedTime(since) >= _options.ReconnectMinimum && !_replica.IsInconsistent)
            {
                _backoff.Reset();
            }
        }
    }

    /// <summary>From now on the connection is the client's.</summary>
    private async Task PublishAsync(OvsdbConnection connection, CancellationToken ct)
    {
        _locks.Follow(connection);
        lock (_gate)
        {
            // Its end comes to Lose after this, or is seen here.
            if (connection.EndReason is { } reason)
            {
                throw new OvsdbNotConnectedException(reason);
            }

            Volatile.Write(ref _connection, connection);
            if (Generation == 0)
            {
                Enter(OvsdbClientState.Loading);
            }
        }
        await _locks.RequestAsync(connection, ct);
    }

    private async Task LoadAsync(OvsdbSession session, MonitorWish wish, CancellationToken ct)
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
            if (session.Connection.EndReason is not null)
            {
                return;
            }

            Enter(OvsdbClientState.Synced);
        }
        wish.Fulfil();
    }

    private (MonitorWish Wish, Task Changed) Wish()
    {
        lock (_gate)
        {
            if (_wished.Task.IsCompleted)
            {
                _wished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return (_wish, _wished.Task);
        }
    }

    /// <summary>Before a transaction ends as unknown, the copy says that it is stale: whoever then waits for it to be synced reads what became of it.</summary>
    private void Lose()
    {
        lock (_gate)
        {
            Volatile.Write(ref _connection, null);
            _locks.Lose();
            Enter(Generation > 0 ? OvsdbClientState.Stale : OvsdbClientState.Connecting);
        }
    }

    private void Enter(OvsdbClientState state)
    {
        lock (_gate)
        {
            if (_state == state)
            {
                return;
            }

            _state = state;
            if (state == OvsdbClientState.Synced)
            {
                _synced.TrySetResult();
            }
            else if (_synced.Task.IsCompleted)
            {
                _synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _dispatcher.Post(() => StateChanged?.Invoke(state));
        }
    }
}
