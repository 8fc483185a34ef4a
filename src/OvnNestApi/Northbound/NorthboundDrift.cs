using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>What changes of the copy mean for our objects: whose rows to compare again, whose state to note. Pure.</summary>
public sealed class NorthboundDrift
{
    private static readonly string[] Ours =
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
    private readonly RecentWrites _echoes;

    /// <summary>Nothing has changed yet.</summary>
    public NorthboundDrift(Ownership ownership, RecentWrites echoes) => (_ownership, _echoes) = (ownership, echoes);

    /// <summary>Objects whose rows somebody else has changed.</summary>
    public HashSet<Guid> Suspects { get; } = [];

    /// <summary>VMs and containers whose <c>up</c> or <c>tag</c> has changed, or whose row came or went.</summary>
    public HashSet<Guid> Observed { get; } = [];

    /// <summary>Something foreign changed that may have been in the way of one of ours.</summary>
    public bool ForeignChanged { get; private set; }

    /// <summary>The <c>nb_cfg</c> that every chassis has reached has changed.</summary>
    public bool HasBarrierMoved { get; private set; }

    /// <summary>Takes in one change of the copy.</summary>
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
                    HasBarrierMoved |= row.After?["hv_cfg"] != row.Before?["hv_cfg"];
                    break;
                default:
                    AddRow(row);
                    AddMembers(change.Snapshot, row);
                    break;
            }
        }
    }

    /// <summary>Takes these objects in as suspects: they were to be dealt with, and were not.</summary>
    public void AddAgain(IEnumerable<Guid> suspects, IEnumerable<Guid> observed)
    {
        Suspects.UnionWith(suspects);
        Observed.UnionWith(observed);
    }

    private void AddRow(RowChange change)
    {
        var owners = OwnersOf(change);
        if (owners.Count == 0)
        {
            ForeignChanged |=
                change.Before is null
                || change.After is null
                || change.Before["name"] != change.After["name"]
                || change.Before["cidr"] != change.After["cidr"];
        }
        else if (!_echoes.Explain(change, OnlyPorts(change)))
        {
            Suspects.UnionWith(owners);
        }
    }

    private void AddPort(ReplicaSnapshot copy, RowChange change)
    {
        var owners = OwnersOf(change);
        if (owners.Count == 0)
        {
            AddForeignChild(copy, change);
            return;
        }

        var (before, after) = (change.Before, change.After);
        if (before is null || after is null || Ours.Any(column => before[column] != after[column]))
        {
            if (!_echoes.Explain(change, false))
            {
                Suspects.UnionWith(owners);
            }
        }
        // A tag that is gone from the NB may be what a released lease waits for.
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

    /// <summary>A child that is not ours may have taken, or given up, a tag of ours.</summary>
    private void AddForeignChild(ReplicaSnapshot copy, RowChange change)
    {
        foreach (var child in new[] { change.Before, change.After }.OfType<Row>())
        {
            foreach (var tag in new[] { child["tag"], child["tag_request"] }.Select(t => t.AsOptionalInteger()).OfType<long>().Distinct())
            {
                foreach (var rival in copy.WithTag(child["parent_name"].AsOptionalString() ?? "", (int)tag))
                {
                    if (_ownership.OwnerOf(rival) is { } owner)
                    {
                        Suspects.Add(owner.Id);
                    }
                }
            }
        }

        ForeignChanged = true;
    }

    /// <summary>Ports of ours that were put into a switch or router, or taken out of it.</summary>
    private void AddMembers(ReplicaSnapshot copy, RowChange change)
    {
        var (before, after) = (change.Before?["ports"] ?? OvsdbValue.Empty, change.After?["ports"] ?? OvsdbValue.Empty);
        if (before == after)
        {
            return;
        }

        var child = change.Table == Tables.Switch ? Tables.SwitchPort : Tables.RouterPort;
        foreach (
            var port in before.AsSet().Where(port => !after.Contains(port)).Concat(after.AsSet().Where(port => !before.Contains(port)))
        )
        {
            var (uuid, isIn) = (port.AsUuid(), after.Contains(port));
            if (
                copy.Find(child, uuid) is { } row
                && _ownership.OwnerOf(row) is { } owner
                && !_echoes.ExplainMember(new(change.Table, change.Uuid), new(child, uuid), isIn)
            )
            {
                Suspects.Add(owner.Id);
            }
        }
    }

    private static bool OnlyPorts(RowChange change) =>
        change is { Before: { } before, After: { } after }
        && before["name"] == after["name"]
        && before["external_ids"] == after["external_ids"]
        && before["cidr"] == after["cidr"]
        && before["options"] == after["options"]
        && before["mac"] == after["mac"]
        && before["networks"] == after["networks"];

    private List<Guid> OwnersOf(RowChange change) =>
        [.. new[] { change.Before, change.After }.OfType<Row>().Select(row => _ownership.OwnerOf(row)?.Id).OfType<Guid>().Distinct()];
}
