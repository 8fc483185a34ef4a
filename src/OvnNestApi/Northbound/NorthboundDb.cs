using System.Collections.Concurrent;
using System.Globalization;
using OvnNestApi.Data;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The northbound database: a copy of what matters to us, and transactions that only the present leader can make.</summary>
internal sealed class NorthboundDb : IAsyncDisposable
{
    private readonly OvsdbClient _client;
    private readonly ConcurrentQueue<ReplicaChange> _changes = new();
    private RowRef? _global;
    private Op? _fence;

    /// <param name="options">Where it is, and which instance in it is ours.</param>
    /// <param name="woken">Set when the copy has changed, or its state.</param>
    /// <param name="time">For all times.</param>
    public NorthboundDb(NorthboundOptions options, Signal woken, TimeProvider time)
    {
        Ownership = new(options.Instance);
        _client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(options.Endpoints),
                Tls = Tls(options.Tls),
                Database = "OVN_Northbound",
                Monitor = NorthboundMonitor.Tables(Ownership),
                Indexes = NorthboundMonitor.Indexes(Ownership),
                LeaderOnly = true,
                ReconnectMaximum = TimeSpan.FromSeconds(1),
                TimeProvider = time,
            }
        );
        _client.Changed += change =>
        {
            _changes.Enqueue(change);
            woken.Set();
        };
        _client.StateChanged += _ => woken.Set();
        _client.Start();
    }

    /// <summary>Our marks.</summary>
    public Ownership Ownership { get; }

    /// <summary>The copy is complete and follows the server: only then may anything be decided.</summary>
    public bool IsSynced => _client.State == OvsdbClientState.Synced;

    /// <summary>Grows with every load of the copy.</summary>
    public long Generation => _client.Generation;

    /// <summary>The copy.</summary>
    public ReplicaSnapshot Copy => _client.Snapshot;

    /// <summary>The <c>nb_cfg</c> that every chassis has reached; null before the NB has its one global row.</summary>
    public long? HvCfg => Copy.Table(Tables.Global).Values.FirstOrDefault()?["hv_cfg"].AsOptionalInteger();

    /// <summary>The number of the last barrier; null before the NB has its one global row.</summary>
    public long? NbCfg => Copy.Table(Tables.Global).Values.FirstOrDefault()?["nb_cfg"].AsOptionalInteger();

    /// <summary>Why there is no connection; null if there is one.</summary>
    public string? Error => IsSynced ? null : _client.LastError ?? "Not connected yet.";

    /// <summary>Whether the fence stands in the copy as it was claimed: a database that was replaced or restored has lost it.</summary>
    public bool IsFenced(Guid installation, long epoch) => _fence is not null && Fence() == Value(installation, epoch);

    /// <summary>The changes of the copy since the last call.</summary>
    public IEnumerable<ReplicaChange> TakeChanges()
    {
        while (_changes.TryDequeue(out var change))
        {
            yield return change;
        }
    }

    /// <summary>Ends when the server has answered.</summary>
    public Task EchoAsync(CancellationToken cancellationToken) => _client.EchoAsync(cancellationToken);

    /// <summary>Makes this epoch of this installation the only one that may write for our instance.</summary>
    public async Task<FenceClaim> ClaimAsync(Guid installation, long epoch, CancellationToken cancellationToken)
    {
        var value = Value(installation, epoch);
        if (Fence() is { } present && present != value)
        {
            var slash = present.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || !Guid.TryParse(present.AsSpan(0, slash), out var holder) || holder != installation)
            {
                return new(
                    false,
                    null,
                    $"InstanceTaken: the northbound database's instance {Ownership.Instance} belongs to another installation ({present})."
                );
            }

            if (long.TryParse(present.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var newer) && newer > epoch)
            {
                return new(false, newer, $"The northbound database has seen epoch {newer}.");
            }
        }

        var row = Copy.Table(Tables.Global).Values.FirstOrDefault();
        var pair = OvsdbValue.Map([new(Ownership.FenceKey, value)]);
        if (row is null)
        {
            // Before northd, or any client, has made the one row of this table.
            var made = Guid.NewGuid();
            var outcome = await _client.TransactAsync(
                [
                    Op.Wait(Tables.Global, [], ["_uuid"], "==", []),
                    Op.Insert(Tables.Global, new Dictionary<string, OvsdbValue> { ["external_ids"] = pair }, made),
                ],
                cancellationToken
            );
            return Claimed(outcome, made, value);
        }

        if (Fence() == value)
        {
            return Claimed(new Committed([]), row.Uuid, value);
        }

        var claim = await _client.TransactAsync(
            [
                Op.Wait(
                    Tables.Global,
                    [Where.Uuid(row.Uuid)],
                    ["external_ids"],
                    "==",
                    [new Dictionary<string, OvsdbValue> { ["external_ids"] = row["external_ids"] }]
                ),
                Op.Mutate(
                    Tables.Global,
                    [Where.Uuid(row.Uuid)],
                    Mutation.Delete("external_ids", OvsdbValue.Set([Ownership.FenceKey])),
                    Mutation.Insert("external_ids", pair)
                ),
            ],
            cancellationToken
        );
        return Claimed(claim, row.Uuid, value);
    }

    /// <summary>Sends a transaction behind the fence.</summary>
    /// <param name="ops">The operations.</param>
    /// <param name="counts">Also increment <c>nb_cfg</c>, and tell what it has become.</param>
    /// <exception cref="FenceFallenException">The fence has fallen: another leads, or the database is another.</exception>
    /// <exception cref="OvsdbNotConnectedException">Nothing was sent.</exception>
    public async Task<(TransactOutcome Outcome, long? NbCfg)> TransactAsync(
        IReadOnlyList<Op> ops,
        bool counts,
        CancellationToken cancellationToken
    )
    {
        if (_fence is null || _global is not { } global)
        {
            throw new FenceFallenException("The northbound database has not been claimed.");
        }

        Op[] barrier = counts
            ?
            [
                Op.Mutate(Tables.Global, [Where.Uuid(global.Uuid)], Mutation.Add("nb_cfg", 1)),
                Op.Select(Tables.Global, [Where.Uuid(global.Uuid)], ["nb_cfg"]),
            ]
            : [];
        switch (await _client.TransactAsync([_fence, .. ops, .. barrier], cancellationToken))
        {
            case Rejected { OpIndex: 0, Error.Error: OvsdbError.TimedOut }:
                throw new FenceFallenException("The northbound database has another leader's fence.");
            case Committed committed:
                return (
                    new Committed([.. committed.Results.Skip(1).Take(ops.Count)]),
                    counts ? committed.Results[^1].Rows[0]["nb_cfg"].AsInteger() : null
                );
            case var outcome:
                return (outcome, null);
        }
    }

    /// <summary>Adds to <c>nb_cfg</c>, behind the fence.</summary>
    /// <exception cref="FenceFallenException">The fence has fallen: another leads, or the database is another.</exception>
    /// <exception cref="OvsdbNotConnectedException">Nothing was sent.</exception>
    public Task<(TransactOutcome Outcome, long? NbCfg)> CountOnAsync(long by, CancellationToken cancellationToken) =>
        TransactAsync(
            _global is { } global ? [Op.Mutate(Tables.Global, [Where.Uuid(global.Uuid)], Mutation.Add("nb_cfg", by))] : [],
            counts: false,
            cancellationToken
        );

    /// <summary>Reads rows that the copy does not hold because they lack our mark.</summary>
    public async Task<IReadOnlyDictionary<RowRef, Row>> ReadAsync(IReadOnlyList<RowRef> rows, CancellationToken cancellationToken)
    {
        var outcome = await _client.TransactAsync([.. rows.Select(row => Op.Select(row.Table, [Where.Uuid(row.Uuid)]))], cancellationToken);
        return outcome is Committed read
            ? rows.Zip(read.Results, (row, result) => (row, result.Rows))
                .Where(pair => pair.Rows.Count == 1)
                .ToDictionary(pair => pair.row, pair => pair.Rows[0])
            : new Dictionary<RowRef, Row>();
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

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

    private static string Value(Guid installation, long epoch) => string.Create(CultureInfo.InvariantCulture, $"{installation}/{epoch}");

    private string? Fence() =>
        Copy.Table(Tables.Global).Values.FirstOrDefault()?["external_ids"].AsStringMap().GetValueOrDefault(Ownership.FenceKey);

    private FenceClaim Claimed(TransactOutcome outcome, Guid global, string value)
    {
        if (outcome is not Committed)
        {
            return new(false, null, $"The northbound database could not be claimed: {outcome}");
        }

        _global = new(Tables.Global, global);
        _fence = Op.Wait(
            Tables.Global,
            [Where.Includes("external_ids", OvsdbValue.Map([new(Ownership.FenceKey, value)]))],
            ["_uuid"],
            "!=",
            []
        );
        return new(true, null, null);
    }
}

/// <summary>What became of a claim.</summary>
/// <param name="IsClaimed">We may write.</param>
/// <param name="NewerEpoch">A later epoch of our own installation stands there: this one is of no use any more; null: it does not.</param>
/// <param name="Error">Why we may not write; null if we may.</param>
internal readonly record struct FenceClaim(bool IsClaimed, long? NewerEpoch, string? Error);

/// <summary>The fence is not there any more: another leader has put up its own, or the database was replaced.</summary>
internal sealed class FenceFallenException(string message) : Exception(message);
