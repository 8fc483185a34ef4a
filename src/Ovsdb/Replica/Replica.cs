using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// A copy of the monitored tables: reads what a monitor sends and keeps the snapshot. One read loop at a time changes it; any thread may
/// read it. An update is applied as a whole or not at all: an update that is malformed or does not match leaves the snapshot as it was and
/// ends the link.
/// </summary>
/// <param name="initial">A layout without tables, which has the names of the indexes.</param>
/// <param name="onChanged">Called on the read loop after the snapshot has changed.</param>
internal sealed class Replica(ReplicaLayout initial, Action<ReplicaChange> onChanged)
{
    private readonly ReadingPool _pool = new();
    private volatile ReplicaSnapshot _snapshot = ReplicaSnapshot.Empty(initial, generation: 0);

    public ReplicaSnapshot Snapshot => _snapshot;

    /// <summary>The last transaction of the server in the replica; <see cref="Guid.Empty"/> if the server must send everything.</summary>
    public Guid LastTransaction { get; private set; }

    /// <summary>The layout whose conditions the replica fulfils; null before the first load, and while the conditions change.</summary>
    public ReplicaLayout? Conditions { get; set; }

    /// <summary>True after an update that did not match the replica, until the replica is loaded again.</summary>
    public bool IsInconsistent { get; private set; }

    /// <summary>Makes the next load request everything.</summary>
    public void Forget() => LastTransaction = Guid.Empty;

    /// <summary>
    /// Reads <c>&lt;table-updates2&gt;</c>, or the <c>&lt;table-updates&gt;</c> of the method <c>monitor</c>, of a monitor with this
    /// layout.
    /// </summary>
    public void Read(ref Utf8JsonReader reader, TableUpdates updates, ReplicaLayout layout)
    {
        var isReload = updates is { IsContents: true, Found: false };
        var previous = _snapshot;
        if (!updates.IsContents && !ReferenceEquals(layout, previous.Layout))
        {
            return; // an update of a monitor that was replaced, or whose contents have not arrived yet
        }

        var update = isReload
            ? new ReplicaUpdate(layout, ReplicaSnapshot.Empty(layout, previous.Generation + 1), previous, _pool)
            : new ReplicaUpdate(layout, previous, null, _pool);
        try
        {
            if (!isReload && !layout.HasSameShape(previous.Layout))
            {
                throw new OvsdbInconsistencyException("the server resumed a monitor of other tables or columns");
            }

            update.Read(ref reader);
        }
        catch (OvsdbInconsistencyException)
        {
            (IsInconsistent, LastTransaction) = (true, Guid.Empty);
            Metrics.Resyncs.Add(1);
            throw;
        }
        var (snapshot, changes) = update.Complete();
        (_snapshot, LastTransaction, IsInconsistent) = (snapshot, updates.LastTransaction, false);
        if (updates.IsContents)
        {
            Conditions = layout;
        }

        if (isReload || changes.Count > 0)
        {
            onChanged(new ReplicaChange(snapshot, isReload, changes));
        }
    }
}
