using System.Collections.Concurrent;
using OvnNestApi.Data;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Replica of chosen logical switch ports, and of chosen logical router ports, whoever created them. It has a connection of its own, which
/// is opened when the first port is chosen: ovsdb-server finds rows by UUID in a hash table only if a monitor has no other conditions;
/// otherwise each change would cost the number of ports of the cloud times the number of chosen ports.
/// </summary>
internal sealed class NorthboundDbPorts(Func<IReadOnlyList<MonitoredTable>, OvsdbClient> create, Signal changed) : IAsyncDisposable
{
    private static readonly string[] PortColumns = ["name", "type", "addresses", "dynamic_addresses", "options", "dhcpv4_options"];
    private static readonly string[] RouterPortColumns = ["name", "mac", "networks"];

    private readonly ConcurrentQueue<ReplicaChange> _changes = new();
    private OvsdbClient? _client;
    private HashSet<Guid> _ports = [];
    private HashSet<string> _routerPorts = [];

    /// <summary>Returns a switch port; null if it was not chosen, does not exist or is not replicated yet.</summary>
    public Row? Port(Guid uuid) => _client?.Snapshot.Find(Tables.SwitchPort, uuid);

    /// <summary>Returns a router port; null if it was not chosen, does not exist or is not replicated yet.</summary>
    public Row? RouterPort(string name) =>
        _client?.Snapshot.Table(Tables.RouterPort).Values.FirstOrDefault(row => row["name"].AsOptionalString() == name);

    /// <summary>Returns the rows that have changed since the last call.</summary>
    public IEnumerable<RowChange> TakeChanges()
    {
        while (_changes.TryDequeue(out var change))
        {
            foreach (var row in change.Rows)
            {
                yield return row;
            }
        }
    }

    /// <summary>
    /// Chooses the ports to replicate. Completes when the replica contains them, or after <paramref name="patience"/>; then they follow
    /// later.
    /// </summary>
    /// <returns>False if exactly these were chosen before.</returns>
    public async Task<bool> ChooseAsync(
        HashSet<Guid> ports,
        HashSet<string> routerPorts,
        TimeSpan patience,
        CancellationToken cancellationToken
    )
    {
        if (_ports.SetEquals(ports) && _routerPorts.SetEquals(routerPorts))
        {
            return false;
        }

        (_ports, _routerPorts) = (ports, routerPorts);
        IReadOnlyList<MonitoredTable> tables =
        [
            new(Tables.SwitchPort, PortColumns, [.. ports.Select(Where.Uuid)]),
            new(Tables.RouterPort, RouterPortColumns, [.. routerPorts.Select(name => Where.Equal("name", name))]),
        ];
        try
        {
            await (
                _client is null ? StartAsync(tables, cancellationToken) : _client.ReplaceMonitorAsync(tables, cancellationToken)
            ).WaitAsync(patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The server is slow or away. The change of the replica is signalled when it arrives.
        }

        return true;
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task StartAsync(IReadOnlyList<MonitoredTable> tables, CancellationToken cancellationToken)
    {
        _client = create(tables);
        _client.Changed += change =>
        {
            _changes.Enqueue(change);
            changed.Set();
        };
        _client.Start();
        return _client.SyncedAsync(cancellationToken);
    }
}
