using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Ovsdb;

/// <summary>One live stream to a server. It never reconnects; its owner makes the next one. Safe for use by many at once.</summary>
public sealed class OvsdbConnection : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ServerMonitor> _monitors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _locks = new(StringComparer.Ordinal); // those that this session holds
    private readonly ConcurrentDictionary<string, DatabaseSchema> _schemas = new(StringComparer.Ordinal);
    private readonly ReadingPool _pool = new(); // the read loop's
    private readonly TimeProvider _time;
    private readonly JsonRpcLink _link;

    private OvsdbConnection(OvsdbEndpoint endpoint, Stream stream, OvsdbConnectionOptions options, TimeProvider time, Action? lost)
    {
        (Endpoint, _time) = (endpoint, time);
        _link = new JsonRpcLink(stream, options, time, Notice, lost);
    }

    /// <summary>The server's end.</summary>
    public OvsdbEndpoint Endpoint { get; }

    /// <summary>Ends, without an error, when the link has ended; then <see cref="EndReason"/> says why.</summary>
    public Task Completion => _link.Completion;

    /// <summary>Why the link has ended; null while it lives.</summary>
    public string? EndReason => _link.EndReason;

    /// <summary>Connects.</summary>
    /// <exception cref="OvsdbNotConnectedException">Nothing listens there, or not in time, or one of the two sides refuses the other's certificate;
    /// the message has the reason.</exception>
    /// <exception cref="ArgumentException">An <c>ssl:</c> endpoint, and no <see cref="OvsdbConnectionOptions.Tls"/>.</exception>
    public static Task<OvsdbConnection> ConnectAsync(OvsdbEndpoint endpoint, OvsdbConnectionOptions options, CancellationToken ct) =>
        ConnectAsync(endpoint, options, TimeProvider.System, null, ct);

    /// <summary>The same.</summary>
    /// <param name="lost">Called when the link has ended, before any call learns it.</param>
    internal static async Task<OvsdbConnection> ConnectAsync(
        OvsdbEndpoint endpoint,
        OvsdbConnectionOptions options,
        TimeProvider time,
        Action? lost,
        CancellationToken ct
    )
    {
        endpoint.Require(options.Tls);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            return new OvsdbConnection(endpoint, await endpoint.OpenAsync(options.Tls, time, either.Token), options, time, lost);
        }
        catch (Exception e)
        {
            ct.ThrowIfCancellationRequested();
            var reason = e is OperationCanceledException ? $"no connection within {options.ConnectTimeout.TotalSeconds:0.#} s" : e.Message;
            throw new OvsdbNotConnectedException($"{endpoint}: {reason}", e);
        }
    }

    /// <summary>The names of the server's databases (RFC 7047 §4.1.1).</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken ct)
    {
        var call = new Call<IReadOnlyList<string>>(
            static (ref reader) => [.. JsonElement.ParseValue(ref reader).EnumerateArray().Select(name => name.GetString() ?? "")]
        );
        return _link.CallAsync(call, "list_dbs", null, ct);
    }

    /// <summary>The schema of a database (RFC 7047 §4.1.2). From then on transactions to it are checked before they are sent.</summary>
    /// <exception cref="OvsdbException">The server does not have the database.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public async Task<DatabaseSchema> GetSchemaAsync(string database, CancellationToken ct)
    {
        var call = new Call<DatabaseSchema>(static (ref reader) => DatabaseSchema.Parse(JsonElement.ParseValue(ref reader)));
        return _schemas[database] = await _link.LongCallAsync(call, "get_schema", json => json.WriteStringValue(database), ct);
    }

    /// <summary>Ends when the server has answered (RFC 7047 §4.1.11).</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task EchoAsync(CancellationToken ct) => _link.CallAsync(JsonRpcLink.Ignoring(), "echo", null, ct);

    /// <summary>The UUID that the server's process gave itself at its start (ovsdb-server(7) §4.1.17).</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<Guid> GetServerIdAsync(CancellationToken ct) =>
        _link.CallAsync(new Call<Guid>(static (ref reader) => reader.GetGuid()), "get_server_id", null, ct);

    /// <summary>Sends a transaction (RFC 7047 §4.1.3). What a known schema does not allow is rejected without being sent.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="ops">The operations, all or none of which are done.</param>
    /// <param name="ct">Before the transaction is sent it throws; afterwards it gives <see cref="Unknown"/>, for the server may have committed.</param>
    /// <exception cref="OvsdbNotConnectedException">The link has ended, and the transaction was not sent.</exception>
    public async Task<TransactOutcome> TransactAsync(string database, IReadOnlyList<Op> ops, CancellationToken ct)
    {
        var schema = _schemas.GetValueOrDefault(database);
        if (schema is not null && SchemaCheck.Refuse(ops, schema) is { } refused)
        {
            return refused;
        }

        var call = new Call<TransactOutcome>(
            (ref reader) => TransactReader.Read(ref reader, ops, schema, _pool),
            static error => new Rejected(error, -1),
            static reason => new Unknown(reason)
        );
        var began = _time.GetTimestamp();
        Metrics.InFlight.Add(1);
        try
        {
            var outcome = await _link.CallAsync(call, "transact", WriteParams, ct);
            Metrics.Transaction(outcome, _time.GetElapsedTime(began));
            return outcome;
        }
        finally
        {
            Metrics.InFlight.Add(-1);
        }

        void WriteParams(Utf8JsonWriter json)
        {
            json.WriteStringValue(database);
            for (var i = 0; i < ops.Count; i++)
            {
                OpWriter.Write(json, ops[i], schema);
            }
        }
    }

    /// <summary>Asks for a lock (RFC 7047 §4.1.8). A lock that another holds is waited for: <see cref="Holds"/> tells when it has come.
    /// Not twice without <see cref="UnlockAsync"/> between. It holds within one server's process: it does not fence across a cluster.</summary>
    /// <param name="lockId">Letters, digits and underscores, no digit first.</param>
    /// <param name="ct">Ends the waiting for the answer, not the request.</param>
    /// <returns>Whether it is held at once.</returns>
    /// <exception cref="OvsdbException">The server refuses it, for instance because the session has asked for it before.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<bool> LockAsync(string lockId, CancellationToken ct) => LockAsync("lock", lockId, ct);

    /// <summary>Takes a lock away from whoever holds it (RFC 7047 §4.1.9); he is told, and waits for it from then on. A session that waits for the lock
    /// must give that up by <see cref="UnlockAsync"/> first.</summary>
    /// <param name="lockId">As for <see cref="LockAsync(string, CancellationToken)"/>.</param>
    /// <param name="ct">Ends the waiting for the answer, not the request.</param>
    /// <exception cref="OvsdbException">The server refuses it.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task StealAsync(string lockId, CancellationToken ct) => LockAsync("steal", lockId, ct);

    /// <summary>Gives a lock back, or ends the waiting for it (RFC 7047 §4.1.10).</summary>
    /// <param name="lockId">As it was asked for.</param>
    /// <param name="ct">Ends the waiting for the answer, not the request.</param>
    /// <exception cref="OvsdbException">The session has not asked for it.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task UnlockAsync(string lockId, CancellationToken ct)
    {
        SetLock(lockId, held: false); // from now on the server may give it to another
        var call = new Call<bool>(
            (ref reader) =>
            {
                SetLock(lockId, held: false); // a notice may have been on its way
                return true;
            }
        );
        return JsonRpcLink
            .Unwatched(_link.CallAsync(call, "unlock", json => json.WriteStringValue(lockId), CancellationToken.None))
            .WaitAsync(ct);
    }

    /// <summary>Whether this session holds a lock, as far as the server's notices <c>locked</c> and <c>stolen</c> have come (RFC 7047 §4.1.8–9).
    /// Only <see cref="Op.Assert"/> lets the server decide.</summary>
    public bool Holds(string lockId) => EndReason is null && _locks.ContainsKey(lockId);

    /// <summary>Has the server tell of databases that come, go or are converted by <c>monitor_canceled</c> and the database <c>_Server</c>,
    /// instead of ending the link (ovsdb-server(7) §4.1.18).</summary>
    /// <exception cref="OvsdbException">The server is older than Open vSwitch 2.9.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task SetDatabaseChangeAwareAsync(CancellationToken ct) =>
        _link.CallAsync(JsonRpcLink.Ignoring(), "set_db_change_aware", json => json.WriteBooleanValue(true), ct);

    /// <summary>Ends the link. Whatever still waits for an answer ends too.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    /// <summary>Told on the read loop of a lock that this session has got, or no longer has: its id, and whether it is held. Not told when the link ends.</summary>
    internal Action<string, bool>? LockChanged { get; set; }

    /// <summary>Ends the link; everything that waits learns the reason.</summary>
    internal void End(string reason) => _link.End(reason);

    /// <summary>Asks for a monitor: its contents, then every update, go to the reader, each in the order of the wire and before any later answer is seen.</summary>
    /// <param name="method"><c>monitor_cond_since</c>; for servers before 2.12 <c>monitor_cond</c>, before 2.6 <c>monitor</c>.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="id">The monitor's name, unique on this connection.</param>
    /// <param name="writeRequests">Writes the requests in the form that the method needs.</param>
    /// <param name="since">The transaction that the copy stands at; <see cref="Guid.Empty"/> for everything.</param>
    /// <param name="read">Reads contents and updates.</param>
    /// <param name="canceled">Called on the read loop when the server has ended the monitor (<c>monitor_canceled</c>): its database was removed or converted.</param>
    internal async Task MonitorAsync(
        string method,
        string database,
        string id,
        Action<Utf8JsonWriter> writeRequests,
        Guid since,
        UpdatesReader read,
        Action? canceled,
        CancellationToken ct
    )
    {
        var hasHistory = method == "monitor_cond_since";
        var monitor = _monitors[id] = new ServerMonitor(read, canceled);
        var contents = new Call<bool>(
            (ref reader) =>
            {
                monitor.ReadContents(ref reader, hasHistory);
                return true;
            }
        );
        try
        {
            await _link.LongCallAsync(contents, method, WriteParams, ct);
        }
        catch (OvsdbException)
        {
            _monitors.TryRemove(id, out _);
            throw;
        }

        void WriteParams(Utf8JsonWriter json)
        {
            json.WriteStringValue(database);
            json.WriteStringValue(id);
            writeRequests(json);
            if (hasHistory)
            {
                json.WriteStringValue(since);
            }
        }
    }

    /// <summary>Changes a monitor's conditions (ovsdb-server(7) §4.1.13): the difference has been read when this ends.</summary>
    internal Task ChangeMonitorAsync(string id, Action<Utf8JsonWriter> writeRequests, CancellationToken ct)
    {
        return _link.LongCallAsync(JsonRpcLink.Ignoring(), "monitor_cond_change", WriteParams, ct);

        void WriteParams(Utf8JsonWriter json)
        {
            json.WriteStringValue(id);
            json.WriteStringValue(id);
            writeRequests(json);
        }
    }

    /// <summary>Ends a monitor (RFC 7047 §4.1.7).</summary>
    internal Task CancelMonitorAsync(string id, CancellationToken ct)
    {
        _monitors.TryRemove(id, out _);
        return _link.CallAsync(JsonRpcLink.Ignoring(), "monitor_cancel", json => json.WriteStringValue(id), ct);
    }

    private Task<bool> LockAsync(string method, string lockId, CancellationToken ct)
    {
        var call = new Call<bool>(
            (ref reader) =>
            {
                // Here on the read loop, so that it cannot overtake a notice.
                var held = JsonElement.ParseValue(ref reader).GetProperty("locked").GetBoolean();
                SetLock(lockId, held);
                return held;
            }
        );
        return JsonRpcLink
            .Unwatched(_link.CallAsync(call, method, json => json.WriteStringValue(lockId), CancellationToken.None))
            .WaitAsync(ct);
    }

    private void SetLock(string lockId, bool held)
    {
        if (held ? _locks.TryAdd(lockId, true) : _locks.TryRemove(lockId, out _))
        {
            LockChanged?.Invoke(lockId, held);
        }
    }

    // On the read loop.
    private void Notice(string method, ReadOnlySequence<byte> parameters)
    {
        if (method is not ("update" or "update2" or "update3" or "monitor_canceled" or "locked" or "stolen"))
        {
            return;
        }

        var reader = JsonRpcLink.Reader(parameters);
        ValueReader.Require(ref reader, JsonTokenType.StartArray);
        ValueReader.Expect(ref reader, JsonTokenType.String);
        var id = _pool.Read(ref reader);
        if (method is "locked" or "stolen")
        {
            SetLock(id, held: method == "locked");
        }
        else if (method == "monitor_canceled")
        {
            if (_monitors.TryRemove(id, out var ended))
            {
                ended.Cancel();
            }
        }
        else if (_monitors.TryGetValue(id, out var monitor)) // else cancelled meanwhile
        {
            monitor.ReadUpdate(ref reader, hasHistory: method == "update3");
        }
    }
}
