using System.Threading.Channels;
using OvnNestApi.HostPlanning;
using Ovsdb;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// The local Open_vSwitch database: a replica of the monitored columns, and transactions that wait until ovs-vswitchd applied them.
/// </summary>
internal sealed partial class LocalOvs : IAsyncDisposable
{
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(3);

    private readonly OvsdbClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<LocalOvs> _logger;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private long? _ownNumber; // next_cfg of our last transaction

    public LocalOvs(string endpoint, TimeProvider time, ILogger<LocalOvs> logger)
    {
        _time = time;
        _logger = logger;
        _client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = "Open_vSwitch",
                Monitor = OvsRows.Monitored,
                TimeProvider = time,
            }
        );
        _client.Changed += _ => SignalChange();
        _client.StateChanged += _ => SignalChange();
    }

    /// <summary>Raised on the client's thread when the replica or the connection state has changed.</summary>
    public event Action? Changed;

    /// <summary>Reason why the database cannot be read; null if it can.</summary>
    public string? Fault =>
        _client.State is OvsdbClientState.Synced
            ? null
            : $"the local Open_vSwitch database cannot be reached: {_client.LastError ?? "not connected yet"}";

    /// <summary><c>external_ids:system-id</c>, the name of the chassis in OVN; null if it is not set or cannot be read.</summary>
    public string? SystemId =>
        _client.State is OvsdbClientState.Synced && _client.Snapshot.Table("Open_vSwitch").Values.FirstOrDefault() is { } root
            ? OvsRows.ReadSystemId(root)
            : null;

    public void Start() => _client.Start();

    /// <summary>Waits until <see cref="SystemId"/> is known; null if it is not in time.</summary>
    public async Task<string?> WaitForSystemIdAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Signal() => changed.Writer.TryWrite(true);

        Changed += Signal;
        try
        {
            while (true)
            {
                if (SystemId is { Length: > 0 } systemId)
                {
                    return systemId;
                }

                await changed.Reader.ReadAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            Changed -= Signal;
        }
    }

    /// <summary>Returns the current content of the database; null if it cannot be read, which is different from empty.</summary>
    public OvsState? Read()
    {
        var snapshot = _client.Snapshot;
        if (_client.State is not OvsdbClientState.Synced || snapshot.Table("Open_vSwitch").Values.FirstOrDefault() is not { } root)
        {
            return null;
        }

        var (next, current) = ReadNumbers(root);
        // A smaller number than ours means that the database was replaced.
        if (_ownNumber is null || next < _ownNumber)
        {
            _ownNumber = next;
        }

        return OvsRows.Read(root, snapshot.Find, current < _ownNumber);
    }

    /// <summary>
    /// Writes the groups in one transaction, or one by one if that is rejected. Waits until ovs-vswitchd has applied them, at most
    /// <see cref="ApplyTimeout"/> per transaction. Returns an error message per resource whose group was rejected.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, string>> ApplyAsync(
        IReadOnlyList<OvsChangeGroup> groups,
        CancellationToken cancellationToken
    )
    {
        var failures = new Dictionary<Guid, string>();
        if (groups.Count == 0)
        {
            return failures;
        }

        try
        {
            if (await TransactAsync(groups, cancellationToken) is not { } rejection)
            {
                return failures;
            }

            foreach (var group in groups)
            {
                if (groups.Count > 1)
                {
                    rejection = await TransactAsync([group], cancellationToken) ?? "";
                }

                foreach (var id in rejection.Length > 0 ? group.Resources : [])
                {
                    failures[id] = $"the Open_vSwitch database rejected the change: {rejection}";
                }
            }
        }
        catch (OvsdbNotConnectedException e)
        {
            LogNoResult(e.Message); // nothing was sent; the next plan repeats the change
        }

        return failures;
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    // ovs-vswitchd.conf.db(5): a client increments next_cfg in its transaction; ovs-vswitchd copies it to cur_cfg when it has applied it.
    private async Task<string?> TransactAsync(IReadOnlyList<OvsChangeGroup> groups, CancellationToken cancellationToken)
    {
        if (Read() is not { } state)
        {
            return null;
        }

        Where[] root = [Where.Uuid(state.Root)];
        Op[] ops =
        [
            .. groups.SelectMany(group => group.Ops),
            Op.Mutate("Open_vSwitch", root, Mutation.Add("next_cfg", 1)),
            Op.Select("Open_vSwitch", root, ["next_cfg"]),
            Op.Comment("ovn-nest agent"),
        ];
        switch (await _client.TransactAsync(ops, cancellationToken))
        {
            case Committed { Results: var results } when results[^2].Rows is [var row]:
                _ownNumber = row["next_cfg"].AsInteger();
                await WaitForVswitchdAsync(_ownNumber.Value, cancellationToken);
                return null;
            case Rejected { Error: var error, OpIndex: var index }:
                LogRejected(error.ToString(), index < ops.Length ? ops[index].ToString() : "at commit");
                return error.ToString();
            case Unknown { Reason: var reason }:
                LogNoResult(reason);
                return null;
            default:
                return null; // the root row has another UUID: the database was replaced
        }
    }

    private async Task WaitForVswitchdAsync(long number, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ApplyTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            while (
                _client.State is OvsdbClientState.Synced
                && _client.Snapshot.Table("Open_vSwitch").Values.FirstOrDefault() is { } root
                && ReadNumbers(root) is var (next, current)
                && next <= number
                && current < number
            )
            {
                await _changes.Reader.ReadAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotApplied(number);
        }
    }

    private void SignalChange()
    {
        _changes.Writer.TryWrite(true);
        Changed?.Invoke();
    }

    private static (long Next, long Current) ReadNumbers(Row root) => (root["next_cfg"].AsInteger(), root["cur_cfg"].AsInteger());

    [LoggerMessage(LogLevel.Warning, "The change of the Open_vSwitch database was not sent, or its result is unknown: {Reason}")]
    private partial void LogNoResult(string reason);

    [LoggerMessage(LogLevel.Error, "The Open_vSwitch database rejected a change: {Error}; operation: {Operation}")]
    private partial void LogRejected(string error, string operation);

    [LoggerMessage(LogLevel.Warning, "ovs-vswitchd has not applied change {Number} yet; check that ovs-vswitchd runs")]
    private partial void LogNotApplied(long number);
}
