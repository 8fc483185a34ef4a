namespace Ovsdb;

/// <summary>One connection of a client, from its schema to its end: keeps the copy as its owner wishes it.</summary>
internal sealed class OvsdbSession(OvsdbConnection connection, string database, DatabaseSchema schema, Replica replica, IReadOnlyList<ReplicaIndex> indexes)
{
    private string? _monitor; // the id of the one that feeds the copy
    private ReplicaLayout? _layout;
    private int _monitors;
    private bool _hasHistory = true;

    /// <summary>What the wish asks for but this server's schema lacks.</summary>
    public IReadOnlyList<string> Missing => _layout?.Missing ?? [];

    /// <summary>Ends when the copy is complete as wished; until then it stays as it was, followed by the old monitor.</summary>
    /// <exception cref="OvsdbException">The server refuses.</exception>
    /// <exception cref="OvsdbNotConnectedException">The link was lost.</exception>
    public async Task LoadAsync(MonitorWish wish, CancellationToken ct)
    {
        var layout = new ReplicaLayout(wish.Tables, indexes, schema);
        if (_monitor is { } monitor && _layout is { } present && layout.HasShapeOf(present))
            await ChangeAsync(monitor, layout, present, ct);
        else
            await ReplaceAsync(layout, ct);
        _layout = layout;
    }

    private async Task ChangeAsync(string monitor, ReplicaLayout layout, ReplicaLayout present, CancellationToken ct)
    {
        if (layout.HasConditionsOf(present))
            return;
        // From here to the answer the copy stands between two conditions: should the link be lost meanwhile, it cannot be resumed.
        replica.Conditions = null;
        await connection.ChangeMonitorAsync(monitor, layout.WriteConditions, ct);
        replica.Conditions = layout;
    }

    private async Task ReplaceAsync(ReplicaLayout layout, CancellationToken ct)
    {
        if (replica.Conditions is not { } conditions || !layout.HasConditionsOf(conditions))
            replica.Forget();
        var id = $"copy{++_monitors}";
        await MonitorAsync(id, layout, ct);
        var former = _monitor;
        _monitor = id;
        if (former is not null)
            await connection.CancelMonitorAsync(former, ct);
    }

    private async Task MonitorAsync(string id, ReplicaLayout layout, CancellationToken ct)
    {
        if (_hasHistory)
        {
            try
            {
                await RequestAsync("monitor_cond_since");
                return;
            }
            catch (OvsdbException e) when (e.Error.Error == OvsdbError.UnknownMethod)
            {
                _hasHistory = false; // Open vSwitch before 2.12
            }
        }
        await RequestAsync("monitor_cond");

        Task RequestAsync(string method) => connection.MonitorAsync(
            method, database, id, layout.WriteRequests, replica.LastTransaction, (ref reader, what) => replica.Read(ref reader, what, layout), ct);
    }
}
