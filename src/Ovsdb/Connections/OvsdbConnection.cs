using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// A connection to a server and the methods of RFC 7047 on it. It never reconnects: when the link has ended, the owner opens another
/// connection. Safe for concurrent use.
/// </summary>
public sealed class OvsdbConnection : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, DatabaseSchema> _schemas = new(StringComparer.Ordinal);
    private readonly ReadingPool _pool = new(); // used only by the read loop
    private readonly TimeProvider _time;
    private readonly JsonRpcLink _link;

    private OvsdbConnection(OvsdbEndpoint endpoint, Stream stream, OvsdbConnectionOptions options, Action? onEnded)
    {
        (Endpoint, _time) = (endpoint, options.TimeProvider);
        _link = new JsonRpcLink(stream, options, HandleNotification, onEnded);
        Monitors = new ConnectionMonitors(_link);
        Locks = new ConnectionLocks(_link);
        _link.Start(); // last, because the read loop uses all of the above
    }

    /// <summary>The endpoint of the server.</summary>
    public OvsdbEndpoint Endpoint { get; }

    /// <summary>Completes, without an exception, when the link has ended. <see cref="EndReason"/> then has the reason.</summary>
    public Task Completion => _link.Completion;

    /// <summary>Why the link has ended; null while it is connected.</summary>
    public string? EndReason => _link.EndReason;

    internal ConnectionMonitors Monitors { get; }

    internal ConnectionLocks Locks { get; }

    /// <summary>Connects to a server.</summary>
    /// <exception cref="OvsdbNotConnectedException">
    /// The server does not accept the connection within the timeout, or one side rejects the certificate of the other. The message has the
    /// reason.
    /// </exception>
    /// <exception cref="ArgumentException">The endpoint is <c>ssl:</c>, but <see cref="OvsdbConnectionOptions.Tls"/> is null.</exception>
    public static Task<OvsdbConnection> ConnectAsync(
        OvsdbEndpoint endpoint,
        OvsdbConnectionOptions options,
        CancellationToken cancellationToken
    ) => ConnectAsync(endpoint, options, null, cancellationToken);

    /// <inheritdoc cref="ConnectAsync(OvsdbEndpoint, OvsdbConnectionOptions, CancellationToken)"/>
    /// <param name="onEnded">Called when the link has ended, before the waiting calls end; null to do nothing.</param>
    internal static async Task<OvsdbConnection> ConnectAsync(
        OvsdbEndpoint endpoint,
        OvsdbConnectionOptions options,
        Action? onEnded,
        CancellationToken cancellationToken
    )
    {
        endpoint.Require(options.Tls);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var stream = await endpoint.OpenAsync(options.Tls, options.TimeProvider, linked.Token);
            return new OvsdbConnection(endpoint, stream, options, onEnded);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reason = e is OperationCanceledException ? $"no connection within {options.ConnectTimeout.TotalSeconds:0.#} s" : e.Message;
            throw new OvsdbNotConnectedException($"{endpoint}: {reason}", e);
        }
    }

    /// <summary>Returns the names of the server's databases (RFC 7047 §4.1.1).</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken)
    {
        var call = new Call<IReadOnlyList<string>>(
            static (ref reader) => [.. JsonElement.ParseValue(ref reader).EnumerateArray().Select(name => name.GetString() ?? "")]
        );
        return _link.CallAsync(call, "list_dbs", null, cancellationToken);
    }

    /// <summary>
    /// Returns the schema of a database (RFC 7047 §4.1.2). Later transactions of the database are checked against it before they are sent.
    /// </summary>
    /// <exception cref="OvsdbException">The server does not have the database.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public async Task<DatabaseSchema> GetSchemaAsync(string database, CancellationToken cancellationToken)
    {
        var call = new Call<DatabaseSchema>(static (ref reader) => SchemaReader.Read(JsonElement.ParseValue(ref reader)));
        return _schemas[database] = await _link.LongCallAsync(
            call,
            "get_schema",
            json => json.WriteStringValue(database),
            cancellationToken
        );
    }

    /// <summary>Completes when the server has answered an <c>echo</c> (RFC 7047 §4.1.11).</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task EchoAsync(CancellationToken cancellationToken) => _link.CallAsync(Call.WithoutResult(), "echo", null, cancellationToken);

    /// <summary>Returns the UUID that the server process chose when it started (ovsdb-server(7) §4.1.17).</summary>
    /// <exception cref="OvsdbException">The server is older than Open vSwitch 2.12.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<Guid> GetServerIdAsync(CancellationToken cancellationToken) =>
        _link.CallAsync(new Call<Guid>(static (ref reader) => reader.GetGuid()), "get_server_id", null, cancellationToken);

    /// <summary>
    /// Sends a transaction (RFC 7047 §4.1.3). If the schema is known, an invalid transaction is rejected without being sent.
    /// </summary>
    /// <param name="database">The name of the database.</param>
    /// <param name="ops">The operations. The server executes all of them or none.</param>
    /// <param name="cancellationToken">
    /// Throws if it is cancelled before the transaction is sent. If it is cancelled later, the outcome is <see cref="Unknown"/>, because
    /// the server may have committed the transaction.
    /// </param>
    /// <exception cref="OvsdbNotConnectedException">The link has ended, and the transaction was not sent.</exception>
    public async Task<TransactOutcome> TransactAsync(string database, IReadOnlyList<Op> ops, CancellationToken cancellationToken)
    {
        var schema = _schemas.GetValueOrDefault(database);
        if (schema is not null && SchemaCheck.Validate(ops, schema) is { } rejected)
        {
            return rejected;
        }

        var call = new Call<TransactOutcome>(
            (ref reader) => TransactReader.Read(ref reader, ops, schema, _pool),
            static error => new Rejected(error, -1),
            static reason => new Unknown(reason)
        );
        var started = _time.GetTimestamp();
        Metrics.InFlight.Add(1);
        try
        {
            var outcome = await _link.CallAsync(call, "transact", WriteParams, cancellationToken);
            Metrics.RecordTransaction(outcome, _time.GetElapsedTime(started));
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

    /// <summary>Requests a lock (RFC 7047 §4.1.8). If another client holds it, the server grants it later, and <see cref="Holds"/>
    /// then returns true. A lock must not be requested again before <see cref="UnlockAsync"/>. It is a lock of one server process:
    /// it does not protect writes to a cluster.</summary>
    /// <param name="lockId">The id of the lock: letters, digits and underscores, not starting with a digit.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    /// <returns>Whether the lock is held immediately.</returns>
    /// <exception cref="OvsdbException">The server rejects the request, for example because this connection has requested the lock
    /// before.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task<bool> LockAsync(string lockId, CancellationToken cancellationToken) =>
        Locks.RequestAsync("lock", lockId, cancellationToken);

    /// <summary>
    /// Takes a lock from the client that holds it (RFC 7047 §4.1.9). That client is notified, and waits for the lock from then on. A
    /// connection that has requested the lock must call <see cref="UnlockAsync"/> first.
    /// </summary>
    /// <param name="lockId">The id of the lock.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    /// <exception cref="OvsdbException">The server rejects the request.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task StealAsync(string lockId, CancellationToken cancellationToken) => Locks.RequestAsync("steal", lockId, cancellationToken);

    /// <summary>Releases a lock, or withdraws the request for it (RFC 7047 §4.1.10).</summary>
    /// <param name="lockId">The id of the lock.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    /// <exception cref="OvsdbException">This connection has not requested the lock.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task UnlockAsync(string lockId, CancellationToken cancellationToken) => Locks.ReleaseAsync(lockId, cancellationToken);

    /// <summary>
    /// Returns whether this connection holds a lock, according to the notifications received so far (<c>locked</c> and <c>stolen</c>, RFC
    /// 7047 §4.1.8–9). To let the server decide, add <see cref="Op.Assert"/> to the transaction.
    /// </summary>
    public bool Holds(string lockId) => EndReason is null && Locks.Holds(lockId);

    /// <summary>
    /// Makes the server report databases that are added, removed or converted (with <c>monitor_canceled</c> and the database
    /// <c>_Server</c>) instead of closing the connection (ovsdb-server(7) §4.1.18).
    /// </summary>
    /// <exception cref="OvsdbException">The server is older than Open vSwitch 2.9.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link has ended.</exception>
    public Task SetDatabaseChangeAwareAsync(CancellationToken cancellationToken) =>
        _link.CallAsync(Call.WithoutResult(), "set_db_change_aware", json => json.WriteBooleanValue(true), cancellationToken);

    /// <summary>Ends the link, and all calls that wait for an answer.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    /// <summary>Ends the link with a reason, which waiting calls receive.</summary>
    internal void End(string reason) => _link.End(reason);

    /// <summary>Handles a notification, on the read loop.</summary>
    private void HandleNotification(string method, ReadOnlySequence<byte> parameters)
    {
        if (method is not ("update" or "update2" or "update3" or "monitor_canceled" or "locked" or "stolen"))
        {
            return;
        }

        var reader = JsonTokens.Begin(parameters);
        reader.Require(JsonTokenType.StartArray);
        reader.ReadNext(JsonTokenType.String);
        var id = _pool.ReadString(ref reader);
        switch (method)
        {
            case "locked" or "stolen":
                Locks.Set(id, held: method == "locked");
                break;
            case "monitor_canceled":
                Monitors.OnCanceled(id);
                break;
            default:
                Monitors.ReadUpdate(ref reader, id, hasHistory: method == "update3");
                break;
        }
    }
}
