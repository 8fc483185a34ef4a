using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Evaluates changes of the replica: the rows of which resources must be compared again, and the state of which ports has changed. Pure.
/// </summary>
public sealed class NorthboundDrift
{
    /// <summary>Columns of a logical switch port that this service writes.</summary>
    private static readonly string[] WrittenColumns =
    [
        "name",
        "type",
        "addresses",
        "port_security",
        "enabled",
        "dhcpv4_options",
        "parent_name",
        "tag_request",
        "options",
        "external_ids",
    ];

    private readonly Ownership _ownership;
    private readonly RecentWrites _recentWrites;

    /// <summary>Creates an evaluation without changes.</summary>
    public NorthboundDrift(Ownership ownership, RecentWrites recentWrites) => (_ownership, _recentWrites) = (ownership, recentWrites);

    /// <summary>Resources whose rows another client has changed.</summary>
    public HashSet<Guid> Suspects { get; } = [];

    /// <summary>VMs and containers whose <c>up</c> or <c>tag</c> has changed.</summary>
    public HashSet<Guid> Observed { get; } = [];

    /// <summary>Changes of the column <c>ports</c> of switches, in order.</summary>
    public List<(Guid Switch, Guid Port, bool IsMember)> Memberships { get; } = [];

    /// <summary>UUIDs of switch ports that have got our owner mark.</summary>
    public HashSet<Guid> Marked { get; } = [];

    /// <summary>
    /// Tags that foreign child ports had before or have after a change, and those that any others no longer have, with the name of the
    /// parent: also a row with our owner mark can be foreign, if its owner is not known.
    /// </summary>
    public HashSet<(string Parent, int Tag)> ForeignTags { get; } = [];

    /// <summary>True if another client has changed something that may have caused a rejection.</summary>
    public bool HasForeignChange { get; private set; }

    /// <summary>Names that logical routers of others have got or lost.</summary>
    public HashSet<string> ForeignRouters { get; } = [];

    /// <summary>True if <c>hv_cfg</c>, the <c>nb_cfg</c> that every chassis has reached, has changed.</summary>
    public bool HasHvCfgChanged { get; private set; }

    /// <summary>Adds one change of the replica.</summary>
    public void Add(ReplicaChange change)
    {
        foreach (var row in change.Rows)
        {
            switch (row.Table)
            {
                case Tables.SwitchPort:
                    AddPort(change.Snapshot, row);
                    break;
                case Tables.Global:
                    HasHvCfgChanged |= row.After?["hv_cfg"] != row.Before?["hv_cfg"];
                    break;
                default:
                    AddRow(row);
                    AddMembers(change, row);
                    break;
            }
        }
    }

    /// <summary>Adds resources that an earlier pass has not finished.</summary>
    public void Add(IEnumerable<Guid> suspects, IEnumerable<Guid> observed)
    {
        Suspects.UnionWith(suspects);
        Observed.UnionWith(observed);
    }

    private void AddRow(RowChange change)
    {
        var owners = OwnersOf(change);
        if (owners.Count == 0)
        {
            HasForeignChange |=
                change.Before is null
                || change.After is null
                || change.Before["name"] != change.After["name"]
                || change.Before["cidr"] != change.After["cidr"];
            if (change.Table == Tables.Router && change.Before?["name"] != change.After?["name"])
            {
                ForeignRouters.UnionWith(Versions(change).Select(version => version["name"].AsString()));
            }
        }
        else if (!HasOnlyPortsChanged(change) && !_recentWrites.Explain(change))
        {
            Suspects.UnionWith(owners);
        }

        // A row that could not be deleted may now carry nothing of other clients.
        HasForeignChange |= owners.Count > 0 && Tables.ContentOf(change.Table).Any(column => IsSmaller(change, column));
    }

    private static bool IsSmaller(RowChange change, string column) =>
        change.Before is { } before && before[column].Count > (change.After?[column].Count ?? 0);

    private void AddPort(ReplicaSnapshot replica, RowChange change)
    {
        var owners = OwnersOf(change);
        if (owners.Count == 0)
        {
            AddForeignChild(replica, change);
            return;
        }

        var (before, after) = (change.Before, change.After);
        AddOwned(change, owners);
        if (before is null || after is null || WrittenColumns.Any(column => before[column] != after[column]))
        {
            if (!_recentWrites.Explain(change))
            {
                Suspects.UnionWith(owners);
            }
        }

        // A released lease may wait for the tag to disappear from the NB.
        if (before is not null && !before["tag"].IsEmpty && before["tag"] != (after?["tag"] ?? OvsdbValue.Empty))
        {
            Suspects.UnionWith(owners);
        }

        if (
            (before?["up"] ?? OvsdbValue.Empty) != (after?["up"] ?? OvsdbValue.Empty)
            || (before?["tag"] ?? OvsdbValue.Empty) != (after?["tag"] ?? OvsdbValue.Empty)
        )
        {
            Observed.UnionWith(owners);
        }
    }

    /// <summary>A port has got our owner mark, or a row with our owner mark no longer has a tag.</summary>
    private void AddOwned(RowChange change, List<Guid> owners)
    {
        var (before, after) = (change.Before, change.After);
        if (after is not null && (before is null || _ownership.OwnerOf(before) is null))
        {
            Marked.Add(change.Uuid);
            // Only now it is known whose state the port shows, which may have been up before.
            Observed.UnionWith(owners);
        }

        foreach (var tag in before?.Tags().Except(after?.Tags() ?? []) ?? [])
        {
            ForeignTags.Add((before?["parent_name"].AsOptionalString() ?? "", tag));
        }
    }

    /// <summary>A foreign child port may now use, or no longer use, the tag of one of our ports.</summary>
    private void AddForeignChild(ReplicaSnapshot replica, RowChange change)
    {
        foreach (var child in Versions(change))
        {
            var parent = child["parent_name"].AsOptionalString() ?? "";
            foreach (var tag in child.Tags())
            {
                ForeignTags.Add((parent, tag));
                foreach (var rival in replica.WithTag(parent, tag))
                {
                    if (_ownership.OwnerOf(rival) is { } owner)
                    {
                        Suspects.Add(owner.Id);
                    }
                }
            }
        }

        HasForeignChange = true;
    }

    /// <summary>Finds our ports that were added to a switch or router, or removed from it, and removals of other ports from ours.</summary>
    private void AddMembers(ReplicaChange all, RowChange change)
    {
        var replica = all.Snapshot;
        var (before, after) = (change.Before?["ports"] ?? OvsdbValue.Empty, change.After?["ports"] ?? OvsdbValue.Empty);
        if (before == after)
        {
            return;
        }

        var child = change.Table == Tables.Switch ? Tables.SwitchPort : Tables.RouterPort;
        var added = after.AsSet().Where(port => !before.Contains(port));
        var removed = before.AsSet().Where(port => !after.Contains(port)).ToList();
        HasForeignChange |= removed.Count > 0 && OwnersOf(change).Count > 0 && removed.Exists(IsForeign(all, child));
        foreach (var port in removed.Concat(added))
        {
            var (uuid, isMember) = (port.AsUuid(), after.Contains(port));
            if (change.Table == Tables.Switch)
            {
                Memberships.Add((change.Uuid, uuid, isMember));
            }

            if (
                replica.Find(child, uuid) is { } row
                && _ownership.OwnerOf(row) is { } owner
                && !_recentWrites.ExplainMember(new(change.Table, change.Uuid), new(child, uuid), isMember)
            )
            {
                Suspects.Add(owner.Id);
            }
        }
    }

    /// <summary>Returns whether a port that was removed is not ours. Of the other ports, the replica has only the nested ones.</summary>
    private static Predicate<OvsdbValue> IsForeign(ReplicaChange all, string table)
    {
        var deleted = all.Rows.Where(row => row.Table == table && row.After is null).Select(row => row.Uuid).ToHashSet();
        return port => !deleted.Contains(port.AsUuid()) && all.Snapshot.Find(table, port.AsUuid()) is null;
    }

    /// <summary>True if only the column <c>ports</c> has changed. Its members are evaluated one by one.</summary>
    private static bool HasOnlyPortsChanged(RowChange change) =>
        change is { Before: { } before, After: { } after }
        && before["name"] == after["name"]
        && before["external_ids"] == after["external_ids"]
        && before["cidr"] == after["cidr"]
        && before["options"] == after["options"]
        && before["mac"] == after["mac"]
        && before["networks"] == after["networks"];

    private List<Guid> OwnersOf(RowChange change) =>
        [.. Versions(change).Select(row => _ownership.OwnerOf(row)?.Id).OfType<Guid>().Distinct()];

    private static IEnumerable<Row> Versions(RowChange change) => new[] { change.Before, change.After }.OfType<Row>();
}
