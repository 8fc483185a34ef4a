namespace Ovsdb;

/// <summary>
/// A client of one database: connects, replicates the monitored tables, and reconnects when the link is lost. Safe for concurrent use.
/// </summary>
public sealed class OvsdbClient : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly OvsdbClientOptions _options;
    private readonly SessionOptions _sessionOptions;
    private readonly TimeProvider _time;
    private readonly ClusterProgress _progress = new();
    private readonly EventDispatcher _events;
    private readonly MonitorRequests _monitors;
    private readonly ClientLocks _locks;
    private readonly ClientStatus _status;
    private readonly Replica _replica;
    private readonly Backoff _backoff;
    private Task? _loop;
    private bool _disposed;

    /// <summary>Creates a client. It connects after <see cref="Start"/>.</summary>
    /// <param name="options">The servers, the tables to replicate, and timeouts.</param>
    /// <exception cref="ArgumentException">
    /// There is no endpoint, an <c>ssl:</c> endpoint has no TLS settings, or a table, a column of a table or the name of an index occurs
    /// twice.
    /// </exception>
    public OvsdbClient(OvsdbClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Endpoints.Count == 0)
        {
            throw new ArgumentException("At least one endpoint is required.", nameof(options));
        }

        foreach (var endpoint in options.Endpoints)
        {
            endpoint.Require(options.Tls);
        }

        (_options, _sessionOptions, _time) = (options, options.ForSessions(), options.TimeProvider);
        _events = new EventDispatcher(e => LastError = $"an event handler failed: {e.Message}");
        _monitors = new MonitorRequests(options.Monitor);
        _backoff = new Backoff(options.ReconnectMinimum, options.ReconnectMaximum, options.Random);
        _replica = new Replica(new ReplicaLayout([], options.Indexes, null), change => _events.Post(() => Changed?.Invoke(change)));
        _locks = new ClientLocks(raise => _events.Post(raise));
        _status = new ClientStatus(_replica, _locks, state => _events.Post(() => StateChanged?.Invoke(state)));
    }

    /// <summary>
    /// Raised after the replica has changed: once for each transaction of the server that changed it, in order, and once for each load. A
    /// handler must not block, because later events wait for it. <see cref="Snapshot"/> may be newer than the event.
    /// </summary>
    public event Action<ReplicaChange>? Changed;

    /// <summary>Raised after <see cref="State"/> has changed, in order with <see cref="Changed"/>. A handler must not block.</summary>
    public event Action<OvsdbClientState>? StateChanged;

    /// <summary>The state, which says how current the replica is.</summary>
    public OvsdbClientState State => _status.State;

    /// <summary>The last error: why there is or was no connection, or the exception of an event handler. Null if there was none.</summary>
    public string? LastError { get; private set; }

    /// <summary>The schema of the current or last server; null before the first connection.</summary>
    public DatabaseSchema? Schema { get; private set; }

    /// <summary>
    /// The id of the current or last server process; null before the first connection, or if the server is older than Open vSwitch 2.12. If
    /// it changes, the client uses another server, or the server was restarted: a standalone server may then have lost its last
    /// transactions.
    /// </summary>
    public Guid? ServerId { get; private set; }

    /// <summary>
    /// The monitored tables and columns that the server's schema does not have, as <c>Table</c> or <c>Table.column</c>. They are empty when
    /// read, and writing them is rejected.
    /// </summary>
    public IReadOnlyList<string> MissingColumns { get; private set; } = [];

    /// <summary>
    /// The contents of the replica; empty before the first load. When <see cref="TransactAsync"/> has completed, they include the
    /// transaction.
    /// </summary>
    public ReplicaSnapshot Snapshot => _replica.Snapshot;

    /// <summary>The number of completed loads of the replica.</summary>
    public long Generation => Snapshot.Generation;

    /// <summary>Starts to connect, in the background, until <see cref="DisposeAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">The client was started before.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public void Start()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (_loop is not null)
        {
            throw new InvalidOperationException("The client has already been started.");
        }

        ClientGauges.Add(this, _options.Database);
        _loop = Task.Run(() => RunAsync(_ending.Token));
    }

    /// <summary>Completes when the state is <see cref="OvsdbClientState.Synced"/>.</summary>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task SyncedAsync(CancellationToken cancellationToken) => _status.SyncedAsync(cancellationToken);

    /// <summary>Sends a transaction on the current connection. An invalid transaction is rejected without being sent.</summary>
    /// <param name="ops">The operations. The server executes all of them or none.</param>
    /// <param name="cancellationToken">
    /// Throws if it is cancelled before the transaction is sent. If it is cancelled later, the outcome is <see cref="Unknown"/>, because
    /// the server may have committed the transaction.
    /// </param>
    /// <exception cref="OvsdbNotConnectedException">There is no connection, and the transaction was not sent.</exception>
    public Task<TransactOutcome> TransactAsync(IReadOnlyList<Op> ops, CancellationToken cancellationToken = default) =>
        _status.Connection?.TransactAsync(_options.Database, ops, cancellationToken) ?? Task.FromException<TransactOutcome>(NotConnected());

    /// <summary>Completes when the server has answered an <c>echo</c>.</summary>
    /// <exception cref="OvsdbNotConnectedException">There is no connection, or it was lost before the answer.</exception>
    public Task EchoAsync(CancellationToken cancellationToken) =>
        _status.Connection?.EchoAsync(cancellationToken) ?? Task.FromException(NotConnected());

    /// <summary>
    /// Changes what is replicated: conditions, columns or tables. Completes when the replica has the new contents; until then it keeps the
    /// old ones.
    /// </summary>
    /// <param name="monitor">The tables to replicate, each once.</param>
    /// <param name="cancellationToken">Ends the wait, but not the change.</param>
    /// <exception cref="OvsdbException">The server rejects the request. Replace it with another.</exception>
    /// <exception cref="ArgumentException">A table occurs twice, or a column of a table does.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task ReplaceMonitorAsync(IReadOnlyList<MonitoredTable> monitor, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return _monitors.Replace(monitor).Completion.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Requests a lock of the server (RFC 7047 §4.1.8), on this connection and on every later one, until the lock is disposed. Completes
    /// when the lock was requested, or immediately if there is no connection. <see cref="OvsdbLock.HeldAsync"/> waits until it is held.
    /// </summary>
    /// <param name="lockId">The id of the lock: letters, digits and underscores, not starting with a digit.</param>
    /// <param name="cancellationToken">Cancels the request. The lock can be requested again as soon as the server has released it.</param>
    /// <exception cref="ArgumentException">The id is not valid, or this client already requests the lock.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task<OvsdbLock> LockAsync(string lockId, CancellationToken cancellationToken) =>
        _locks.AddAsync(lockId, () => _status.Connection, cancellationToken);

    /// <summary>Ends the connection, and everything that waits for it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        ClientGauges.Remove(this);
        await _ending.CancelAsync();
        if (_loop is not null)
        {
            await _loop;
        }

        _status.End();
        _monitors.End();
        _locks.End();
        await _events.DisposeAsync();
        _ending.Dispose();
    }

    private OvsdbNotConnectedException NotConnected() =>
        new($"No connection to {_options.Database}{(LastError is { } reason ? $": {reason}" : "")}");

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var round = new Queue<OvsdbEndpoint>();
        for (var isFirst = true; !cancellationToken.IsCancellationRequested; isFirst = false)
        {
            if (!isFirst)
            {
                Metrics.CountReconnect(_options.Database);
            }

            try
            {
                if (round.Count == 0)
                {
                    await Task.Delay(_backoff.Next(), _time, cancellationToken);
                    round = new Queue<OvsdbEndpoint>(ShuffledEndpoints());
                }
                LastError = await RunSessionAsync(round.Dequeue(), cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The boundary of the loop. After any failure of a connection, the next one may work.
                LastError = e.Message;
            }
            finally
            {
                _status.LoseConnection();
            }
        }
    }

    private OvsdbEndpoint[] ShuffledEndpoints()
    {
        OvsdbEndpoint[] endpoints = [.. _options.Endpoints];
        _options.Random.Shuffle(endpoints);
        return endpoints;
    }

    /// <summary>Connects, loads the replica and follows the server until the connection ends. Returns why it ended.</summary>
    private async Task<string> RunSessionAsync(OvsdbEndpoint endpoint, CancellationToken cancellationToken)
    {
        await using var session = await OvsdbSession.OpenAsync(
            endpoint,
            _sessionOptions,
            _progress,
            _replica,
            _status.LoseConnection,
            cancellationToken
        );
        ServerId = session.ServerId;
        long? syncedSince = null;
        try
        {
            while (true)
            {
                Schema = await session.ReadSchemaAsync(cancellationToken);
                await UseConnectionAsync(session.Connection, cancellationToken);
                do
                {
                    var (request, replaced) = _monitors.Take();
                    await LoadAsync(session, request, cancellationToken);
                    syncedSince ??= _time.GetTimestamp();
                    await Task.WhenAny(session.Connection.Completion, session.Canceled, replaced).WaitAsync(cancellationToken);
                } while (session.Connection.EndReason is null && !session.Canceled.IsCompleted);
                if (session.Connection.EndReason is { } reason)
                {
                    return reason;
                }

                _status.SetOutdated();
            }
        }
        finally
        {
            ResetBackoffIfStable(syncedSince);
        }
    }

    private void ResetBackoffIfStable(long? syncedSince)
    {
        // A link that was lost shortly after it was synced, or because an update did not match, may be lost again for the same reason.
        var wasStable = syncedSince is { } since && _time.GetElapsedTime(since) >= _options.ReconnectMinimum;
        if (wasStable && !_replica.IsInconsistent)
        {
            _backoff.Reset();
        }
    }

    private async Task UseConnectionAsync(OvsdbConnection connection, CancellationToken cancellationToken)
    {
        _locks.Follow(connection);
        _status.SetConnection(connection);
        await _locks.RequestAllAsync(connection, cancellationToken);
    }

    private async Task LoadAsync(OvsdbSession session, MonitorRequest request, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        try
        {
            await session.LoadAsync(request.Tables, cancellationToken);
        }
        catch (OvsdbException e)
        {
            request.Fail(e);
            throw;
        }
        Metrics.RecordLoad(_options.Database, _time.GetElapsedTime(started));
        MissingColumns = session.Missing;
        if (_status.TrySetSynced(session.Connection))
        {
            request.Complete();
        }
    }
}
