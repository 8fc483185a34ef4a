using System.Threading.Channels;
using OvnNestApi.Agent.Planning;
using Ovsdb;

namespace OvnNestApi.Agent.Local;

/// <summary>The host's Open_vSwitch database: a copy of what concerns us, and transactions that end when ovs-vswitchd has done them.</summary>
internal sealed partial class LocalOvs : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly OvsdbClient _client;
    private readonly ILogger<LocalOvs> _logger;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private long? _ours;

    public LocalOvs(HostSettings settings, TimeProvider time, ILogger<LocalOvs> logger)
    {
        _logger = logger;
        _client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(settings.Ovsdb),
                Database = "Open_vSwitch",
                Monitor = OvsRows.Monitored,
                TimeProvider = time,
            }
        );
        _client.Changed += _ => Pulse();
        _client.StateChanged += _ => Pulse();
    }

    /// <summary>Something changed, or the link came or went: look again. Raised on the client's thread.</summary>
    public event Action? Changed;

    /// <summary>Why the database cannot be read; null when it can.</summary>
    public string? Fault =>
        _client.State is OvsdbClientState.Synced
            ? null
            : $"the host's Open_vSwitch database cannot be reached: {_client.LastError ?? "not connected yet"}";

    public void Start() => _client.Start();

    /// <summary>The database as it is now; null when it cannot be read, which is not the same as empty.</summary>
    public OvsState? Read()
    {
        var copy = _client.Snapshot;
        if (_client.State is not OvsdbClientState.Synced || copy.Table("Open_vSwitch").Values.FirstOrDefault() is not { } root)
        {
            return null;
        }

        var (next, current) = Numbers(root);
        // A number below ours: the database was replaced by another one.
        if (_ours is null || next < _ours)
        {
            _ours = next;
        }

        return OvsRows.Read(root, copy.Find, current < _ours);
    }

    /// <summary>
    /// Writes the groups in one transaction, and each alone when that is rejected; waits until ovs-vswitchd has done it, or a while. Gives
    /// what failed, by object.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, string>> ApplyAsync(IReadOnlyList<OvsGroup> groups, CancellationToken ct)
    {
        var failures = new Dictionary<Guid, string>();
        if (groups.Count == 0)
        {
            return failures;
        }

        try
        {
            if (await TransactAsync(groups, ct) is not { } rejection)
            {
                return failures;
            }

            foreach (var group in groups)
            {
                if (groups.Count > 1)
                {
                    rejection = await TransactAsync([group], ct) ?? "";
                }

                foreach (var id in rejection.Length > 0 ? group.Objects : [])
                {
                    failures[id] = $"Open vSwitch refused: {rejection}";
                }
            }
        }
        catch (OvsdbNotConnectedException e)
        {
            LogNotConnected(e.Message); // nothing was sent; the next look says what to do
        }
        return failures;
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    // ovs-vswitchd.conf.db(5): a client increments next_cfg with its change; ovs-vswitchd sets cur_cfg to it when it has done it.
    private async Task<string?> TransactAsync(IReadOnlyList<OvsGroup> groups, CancellationToken ct)
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
        switch (await _client.TransactAsync(ops, ct))
        {
            case Committed { Results: var results } when results[^2].Rows is [var row]:
                _ours = row["next_cfg"].AsInteger();
                await HasDoneAsync(_ours.Value, ct);
                return null;
            case Rejected { Error: var error, OpIndex: var index }:
                LogRejected(error.ToString(), index < ops.Length ? ops[index].ToString() : "at commit");
                return error.ToString();
            case Unknown { Reason: var reason }:
                LogNotConnected(reason);
                return null;
            default:
                return null; // the root row is another one by now: the database was replaced
        }
    }

    private async Task HasDoneAsync(long number, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        try
        {
            while (
                _client.State is OvsdbClientState.Synced
                && _client.Snapshot.Table("Open_vSwitch").Values.FirstOrDefault() is { } root
                && Numbers(root) is var (next, current)
                && next <= number
                && current < number
            )
            {
                await _changes.Reader.ReadAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            LogBehind(number);
        }
    }

    private void Pulse()
    {
        _changes.Writer.TryWrite(true);
        Changed?.Invoke();
    }

    private static (long Next, long Current) Numbers(Row root) => (root["next_cfg"].AsInteger(), root["cur_cfg"].AsInteger());

    [LoggerMessage(LogLevel.Warning, "The Open_vSwitch database was not changed, or it is not known whether it was: {Reason}")]
    private partial void LogNotConnected(string reason);

    [LoggerMessage(LogLevel.Error, "The Open_vSwitch database rejected a change: {Error}; operation: {Operation}")]
    private partial void LogRejected(string error, string operation);

    [LoggerMessage(LogLevel.Warning, "ovs-vswitchd has not done change {Number} yet; does it run?")]
    private partial void LogBehind(long number);
}
