using System.Collections.Concurrent;
using System.Globalization;
using OvnNestApi.Data;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// The connection to the NB: a replica of the columns that are needed, and transactions that only the current leader can commit.
/// </summary>
internal sealed class NorthboundDb : IAsyncDisposable
{
    private readonly OvsdbClient _client;
    private readonly ConcurrentQueue<ReplicaChange> _changes = new();
    private Op? _fence;

    /// <summary>Creates the client, which connects in the background.</summary>
    /// <param name="changed">Set when the replica or the state of the connection changes.</param>
    public NorthboundDb(NorthboundOptions options, Signal changed, TimeProvider time)
    {
        Ownership = new(options.Instance);
        Ports = new(monitor => CreateClient(options, monitor, [], time), changed);
        _client = CreateClient(options, time);
        _client.Changed += change =>
        {
            _changes.Enqueue(change);
            changed.Set();
        };
        _client.StateChanged += _ => changed.Set();
        _client.Start();
    }

    /// <summary>Owner marks of this installation.</summary>
    public Ownership Ownership { get; }

    /// <summary>Replica of ports that have no owner mark of this installation.</summary>
    public NorthboundDbPorts Ports { get; }

    /// <summary>The client, for readers of its replica.</summary>
    public OvsdbClient Client => _client;

    /// <summary>True if the replica is complete and follows the server. Only then can it be compared with the desired state.</summary>
    public bool IsSynced => _client.State == OvsdbClientState.Synced;

    /// <summary>Increases each time the replica is loaded completely.</summary>
    public long Generation => _client.Generation;

    /// <summary>Immutable snapshot of the replica.</summary>
    public ReplicaSnapshot Replica => _client.Snapshot;

    /// <summary><c>NB_Global.hv_cfg</c>, the <c>nb_cfg</c> that every chassis has reached; null if the table has no row yet.</summary>
    public long? HvCfg => Global?["hv_cfg"].AsOptionalInteger();

    /// <summary><c>NB_Global.nb_cfg</c>, the number of the last barrier; null if the table has no row yet.</summary>
    public long? NbCfg => Global?["nb_cfg"].AsOptionalInteger();

    /// <summary>Why the replica is not in sync; null if it is.</summary>
    public string? Error => IsSynced ? null : _client.LastError ?? "Not connected yet.";

    private Row? Global => Replica.Table(Tables.Global).Values.FirstOrDefault();

    /// <summary>Value of the fence in the replica, "installation/epoch"; null if there is none.</summary>
    private string? Fence => Global?["external_ids"].AsStringMap().GetValueOrDefault(Ownership.FenceKey);

    /// <summary>True if the replica contains the fence that this object has claimed. A database that was replaced has lost it.</summary>
    public bool IsFenced(Guid installation, long epoch) => _fence is not null && Fence == FenceValue(installation, epoch);

    /// <summary>Returns the changes of the replica since the last call.</summary>
    public IEnumerable<ReplicaChange> TakeChanges()
    {
        while (_changes.TryDequeue(out var change))
        {
            yield return change;
        }
    }

    /// <summary>Returns the id of the owner of a switch port; null if the replica has no such port with our owner mark.</summary>
    public Guid? OwnerOf(Guid port) => Replica.Find(Tables.SwitchPort, port) is { } row ? Ownership.OwnerOf(row)?.Id : null;

    /// <summary>Completes when the server has answered an echo request (RFC 7047 §4.1.11).</summary>
    public Task EchoAsync(CancellationToken cancellationToken) => _client.EchoAsync(cancellationToken);

    /// <summary>Writes the fence: from then on, only this epoch of this installation can write for our instance.</summary>
    /// <param name="takesFrom">Id of another installation whose fence can be replaced; null for none.</param>
    public async Task<FenceClaim> ClaimAsync(Guid installation, long epoch, Guid? takesFrom, CancellationToken cancellationToken)
    {
        var value = FenceValue(installation, epoch);
        if (Fence is { } present && present != value && ConflictWith(present, installation, epoch, takesFrom) is { } conflict)
        {
            return conflict;
        }

        var outcome = Global is { } row
            ? await WriteFenceAsync(row, value, cancellationToken)
            : await InsertGlobalAsync(value, cancellationToken);
        return Claimed(outcome, value);
    }

    /// <summary>Sends a transaction that fails if the fence is not ours.</summary>
    /// <param name="counts">True to also increment <c>nb_cfg</c> and return its new value.</param>
    /// <exception cref="FenceFallenException">The fence is not ours: another process is the leader, or the NB was replaced.</exception>
    /// <exception cref="OvsdbNotConnectedException">There is no connection; nothing was sent.</exception>
    public async Task<(TransactOutcome Outcome, long? NbCfg)> TransactAsync(
        IReadOnlyList<Op> ops,
        bool counts,
        CancellationToken cancellationToken
    )
    {
        if (_fence is null)
        {
            throw new FenceFallenException("The northbound database has not been claimed.");
        }

        // NB_Global has one row (maxRows of the schema). Its UUID is not used, because it changes when the database is replaced.
        Op[] barrier = [Op.Mutate(Tables.Global, [], Mutation.Add("nb_cfg", 1)), Op.Select(Tables.Global, [], ["nb_cfg"])];
        switch (await _client.TransactAsync([_fence, .. ops, .. counts ? barrier : []], cancellationToken))
        {
            case Rejected { OpIndex: 0, Error.Error: OvsdbError.TimedOut }:
                throw new FenceFallenException("The northbound database contains the fence of another leader, or none.");
            case Committed committed:
                return (
                    new Committed([.. committed.Results.Skip(1).Take(ops.Count)]),
                    counts ? committed.Results[^1].Rows[0]["nb_cfg"].AsInteger() : null
                );
            case var outcome:
                return (outcome, null);
        }
    }

    /// <summary>Increases <c>nb_cfg</c> in a fenced transaction.</summary>
    /// <exception cref="FenceFallenException">The fence is not ours: another process is the leader, or the NB was replaced.</exception>
    /// <exception cref="OvsdbNotConnectedException">There is no connection; nothing was sent.</exception>
    public Task<(TransactOutcome Outcome, long? NbCfg)> IncreaseNbCfgAsync(long by, CancellationToken cancellationToken) =>
        TransactAsync([Op.Mutate(Tables.Global, [], Mutation.Add("nb_cfg", by))], counts: false, cancellationToken);

    /// <summary>Reads rows from the server that the replica does not contain because they lack our owner mark.</summary>
    public Task<IReadOnlyDictionary<RowRef, Row>> ReadAsync(IReadOnlyList<RowRef> rows, CancellationToken cancellationToken) =>
        ReadAsync(_client, rows, cancellationToken);

    /// <inheritdoc cref="ReadAsync(IReadOnlyList{RowRef}, CancellationToken)"/>
    public static async Task<IReadOnlyDictionary<RowRef, Row>> ReadAsync(
        OvsdbClient client,
        IReadOnlyList<RowRef> rows,
        CancellationToken cancellationToken
    )
    {
        var outcome = await client.TransactAsync([.. rows.Select(row => Op.Select(row.Table, [Where.Uuid(row.Uuid)]))], cancellationToken);
        return outcome is Committed read
            ? rows.Zip(read.Results, (row, result) => (row, result.Rows))
                .Where(pair => pair.Rows.Count == 1)
                .ToDictionary(pair => pair.row, pair => pair.Rows[0])
            : new Dictionary<RowRef, Row>();
    }

    public async ValueTask DisposeAsync()
    {
        await Ports.DisposeAsync();
        await _client.DisposeAsync();
    }

    /// <summary>Returns a client that replicates what is needed of the NB; it is not started.</summary>
    public static OvsdbClient CreateClient(NorthboundOptions options, TimeProvider time)
    {
        var ownership = new Ownership(options.Instance);
        return CreateClient(options, NorthboundMonitor.Tables(ownership), NorthboundMonitor.Indexes(ownership), time);
    }

    /// <summary>Returns a client that replicates these columns and rows; it is not started.</summary>
    public static OvsdbClient CreateClient(
        NorthboundOptions options,
        IReadOnlyList<MonitoredTable> monitor,
        IReadOnlyList<ReplicaIndex> indexes,
        TimeProvider time
    ) =>
        new(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(options.Endpoints),
                Tls = Tls(options.Tls),
                Database = "OVN_Northbound",
                Monitor = monitor,
                Indexes = indexes,
                LeaderOnly = true,
                ReconnectMaximum = TimeSpan.FromSeconds(1),
                TimeProvider = time,
            }
        );

    private static OvsdbTls? Tls(NorthboundTlsOptions options) =>
        options.CaFile is null
            ? null
            : new(options.CaFile)
            {
                CertificateFile = options.CertificateFile,
                KeyFile = options.KeyFile,
                CrlFile = options.CrlFile,
                ServerName = options.ServerName,
                ChecksName = options.CheckName,
            };

    private static string FenceValue(Guid installation, long epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{installation}/{epoch}");

    /// <summary>
    /// Returns why the present fence must not be replaced; null if it is an earlier one of this installation, or of the one in
    /// <paramref name="takesFrom"/>.
    /// </summary>
    private FenceClaim? ConflictWith(string present, Guid installation, long epoch, Guid? takesFrom)
    {
        var slash = present.IndexOf('/', StringComparison.Ordinal);
        var isId = Guid.TryParse(present.AsSpan(0, Math.Max(slash, 0)), out var holder);
        if (isId && holder == takesFrom)
        {
            return null;
        }

        if (!isId || holder != installation)
        {
            var other = takesFrom is null ? "" : $" It is not taken over, because takeInstanceFrom is {takesFrom}.";
            return new(
                false,
                null,
                $"InstanceTaken: the northbound database's instance {Ownership.Instance} belongs to another installation ({present})."
                    + other
            );
        }

        return long.TryParse(present.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var newer) && newer > epoch
            ? new(false, newer, $"The northbound database contains the fence of the later epoch {newer}.")
            : null;
    }

    /// <summary>Inserts the only row of NB_Global, with the fence. It is missing until northd or another client has inserted it.</summary>
    private Task<TransactOutcome> InsertGlobalAsync(string value, CancellationToken cancellationToken) =>
        _client.TransactAsync(
            [
                Op.Wait(Tables.Global, [], ["_uuid"], "==", []),
                Op.Insert(Tables.Global, new Dictionary<string, OvsdbValue> { ["external_ids"] = FenceMap(value) }),
            ],
            cancellationToken
        );

    /// <summary>Replaces the fence, unless <c>external_ids</c> has changed since the replica was read.</summary>
    private async Task<TransactOutcome> WriteFenceAsync(Row global, string value, CancellationToken cancellationToken) =>
        Fence == value
            ? new Committed([])
            : await _client.TransactAsync(
                [
                    Op.Wait(
                        Tables.Global,
                        [Where.Uuid(global.Uuid)],
                        ["external_ids"],
                        "==",
                        [new Dictionary<string, OvsdbValue> { ["external_ids"] = global["external_ids"] }]
                    ),
                    Op.Mutate(
                        Tables.Global,
                        [Where.Uuid(global.Uuid)],
                        Mutation.Delete("external_ids", OvsdbValue.Set([Ownership.FenceKey])),
                        Mutation.Insert("external_ids", FenceMap(value))
                    ),
                ],
                cancellationToken
            );

    private OvsdbValue FenceMap(string value) => OvsdbValue.Map([new(Ownership.FenceKey, value)]);

    private FenceClaim Claimed(TransactOutcome outcome, string value)
    {
        if (outcome is not Committed)
        {
            return new(false, null, $"The northbound database could not be claimed: {outcome}");
        }

        _fence = Op.Wait(Tables.Global, [Where.Includes("external_ids", FenceMap(value))], ["_uuid"], "!=", []);
        return new(true, null, null);
    }
}

/// <summary>Result of a claim.</summary>
/// <param name="IsClaimed">True if this process may write.</param>
/// <param name="NewerEpoch">Later epoch of this installation that the NB contains; null if it contains none.</param>
/// <param name="Error">Why this process may not write; null if it may.</param>
internal readonly record struct FenceClaim(bool IsClaimed, long? NewerEpoch, string? Error);

/// <summary>The fence in the NB is not ours: another leader has written its own, or the NB was replaced.</summary>
internal sealed class FenceFallenException(string message) : Exception(message);
