namespace Ovsdb;

/// <summary>Owner of the current connection.</summary>
public sealed class OvsdbClient(OvsdbClientOptions options, TimeProvider? time = null) : IAsyncDisposable
{
    private readonly OvsdbClientOptions _options = options;
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Raised after the copy changed.</summary>
    public event Action<ReplicaChange>? Changed;

    /// <summary>Raised when the state changed.</summary>
    public event Action<OvsdbClientState>? StateChanged;

    /// <summary>The state.</summary>
    public OvsdbClientState State { get; private set; }

    /// <summary>Why not connected.</summary>
    public string? LastError { get; private set; }

    /// <summary>The schema.</summary>
    public DatabaseSchema? Schema { get; private set; }

    /// <summary>What the schema lacks.</summary>
    public IReadOnlyList<string> MissingColumns { get; private set; } = [];

    /// <summary>The copy.</summary>
    public ReplicaSnapshot Snapshot { get; private set; } = ReplicaSnapshot.None;

    /// <summary>Grows with every completed load.</summary>
    public long Generation => Snapshot.Generation;

    /// <summary>Starts.</summary>
    public void Start()
    {
        _ = (_options, _time);
        StateChanged?.Invoke(State);
        Changed?.Invoke(new ReplicaChange(Snapshot, true, []));
    }

    /// <summary>Completes when synced.</summary>
    public Task SyncedAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Sends a transaction.</summary>
    public Task<TransactOutcome> TransactAsync(IReadOnlyList<Op> ops, CancellationToken ct = default) => throw new NotImplementedException();

    /// <summary>Ends when the server has answered.</summary>
    public Task EchoAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Replaces what is monitored.</summary>
    public Task ReplaceMonitorAsync(IReadOnlyList<MonitoredTable> monitor, CancellationToken ct) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
