using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The rows of a snapshot of the NB, grouped by resource. Pure: the snapshot does not change.</summary>
/// <param name="isThorough">
/// True to search all switches and routers for each port, for drifted resources and for a full comparison; false to search only the parent
/// that the port must have.
/// </param>
/// <param name="isBlank">True to see none of our rows, as if the NB contained only foreign ones.</param>
public sealed class NorthboundView(ReplicaSnapshot replica, Ownership ownership, bool isThorough, bool isBlank = false)
{
    private const int MaxScans = 32;
    private readonly Dictionary<string, Dictionary<Guid, List<RowRef>>> _parents = [];
    private int _scans;

    /// <summary>Returns the rows of these resources: rows with a wanted UUID, and rows with the owner mark of the resource.</summary>
    /// <param name="read">Rows that were read from the server because the replica does not contain them.</param>
    public ILookup<OwnerRef, ActualRow> RowsOf(IReadOnlyList<WantedResource> wanted, IReadOnlyDictionary<RowRef, Row>? read = null) =>
        (isBlank ? [] : wanted)
            .SelectMany(resource => RowsOf(resource, read).Select(row => (resource.Owner, Row: row)))
            .ToLookup(pair => pair.Owner, pair => pair.Row);

    /// <summary>Returns true if a row has the owner mark of the resource.</summary>
    public bool HasRows(OwnerRef owner) => Tables.Of(owner.Kind).Any(table => replica.OfResource(table.Name, owner.Id).Count > 0);

    /// <summary>Returns the owners that the owner marks of all rows name.</summary>
    public IReadOnlySet<OwnerRef> Owners() =>
        Tables.Marked.SelectMany(table => replica.MarkedIds(table.Name).Select(id => new OwnerRef(KindOf(table, id), id))).ToHashSet();

    /// <summary>Returns a row; null if it does not exist.</summary>
    public Row? Find(RowRef row) => replica.Find(row.Table, row.Uuid);

    /// <summary>Returns the name of a row, or its subnet; null if it has none, or does not exist.</summary>
    public string? NameOf(RowRef row) =>
        Find(row) is { } found ? found["name"].AsOptionalString() ?? found["cidr"].AsOptionalString() : null;

    /// <summary>Returns the number of rows with our owner mark.</summary>
    public int Count() => Tables.Marked.Sum(table => replica.MarkedIds(table.Name).Sum(id => replica.OfResource(table.Name, id).Count));

    /// <summary>Returns the UUID of the existing switch that a network must use; null if there is none, or more than one.</summary>
    public Guid? SwitchOf(DesiredNetwork network) => ExistingSwitches(network) is [var found] ? found.Uuid : null;

    /// <summary>Finds the existing switch, and the existing DHCP options, that a network must use.</summary>
    /// <param name="dhcpOf">Returns the UUIDs of the DHCP_Options rows that the foreign ports of a switch use.</param>
    public ExistingSwitch Existing(DesiredNetwork network, Func<Guid, IReadOnlySet<Guid>> dhcpOf)
    {
        var switches = ExistingSwitches(network);
        return switches switch
        {
            [] => new(null, null, $"There is no logical switch {network.SwitchName}."),
            [var found] => WithDhcp(found.Uuid, network, dhcpOf),
            _ => new(null, null, $"{switches.Count} logical switches are named {network.SwitchName}: {Uuids(switches)}."),
        };
    }

    /// <summary>Finds the existing router with this name.</summary>
    public ExistingRouter ExistingRouter(string name)
    {
        var routers = replica.RoutersNamed(name).Where(row => ownership.OwnerOf(row) is null).ToList();
        return routers switch
        {
            [] => new(null, $"There is no logical router {name} that another system created."),
            [var found] => new(found.Uuid, null),
            _ => new(null, $"{routers.Count} logical routers are named {name}: {Uuids(routers)}."),
        };
    }

    /// <summary>
    /// Returns other ports of a parent with the tag of this container in <c>tag</c> or <c>tag_request</c>, each with the id of its owner;
    /// null if the port has no owner mark.
    /// </summary>
    public IEnumerable<(Row Row, Guid? Owner)> RivalsOf(DesiredPort container, string parent) =>
        replica
            .WithTag(parent, container.Tag ?? 0)
            .Where(row => row.Uuid != container.PortUuid)
            .Select(row => (Row: row, Owner: ownership.OwnerOf(row)?.Id))
            .Where(rival => rival.Owner != container.Id);

    private List<Row> ExistingSwitches(DesiredNetwork network) =>
        [.. replica.SwitchesNamed(network.SwitchName).Where(row => ownership.OwnerOf(row)?.Id != network.Id)];

    // A row with the same subnet that no port of the switch uses can belong to another tenant, whose subnet overlaps.
    private ExistingSwitch WithDhcp(Guid found, DesiredNetwork network, Func<Guid, IReadOnlySet<Guid>> dhcpOf)
    {
        if (network.DhcpOptionsId is { } chosen)
        {
            return replica.Find(Tables.Dhcp, chosen) is null
                ? new(null, null, $"There is no DHCP_Options row {chosen}.")
                : new(found, chosen, null);
        }

        if (!network.DhcpEnabled || network.Subnet is not { } subnet)
        {
            return new(found, null, null);
        }

        var used = dhcpOf(found);
        var dhcp = replica.DhcpOf(subnet.ToString()).Where(row => used.Contains(row.Uuid) && ownership.OwnerOf(row) is null).ToList();
        return dhcp.Count > 1
            ? new(
                null,
                null,
                $"Ports of logical switch {network.SwitchName} use {dhcp.Count} DHCP_Options rows with the subnet {subnet}: "
                    + $"{Uuids(dhcp)}. Choose one with dhcp.optionsId."
            )
            : new(found, dhcp.SingleOrDefault()?.Uuid, null);
    }

    private static string Uuids(IEnumerable<Row> rows) => string.Join(", ", rows.Select(row => row.Uuid).Order());

    private IEnumerable<ActualRow> RowsOf(WantedResource resource, IReadOnlyDictionary<RowRef, Row>? read)
    {
        var rows = new Dictionary<RowRef, Row>();
        foreach (var wanted in resource.Rows)
        {
            if ((replica.Find(wanted.Ref.Table, wanted.Ref.Uuid) ?? read?.GetValueOrDefault(wanted.Ref)) is { } row)
            {
                rows[wanted.Ref] = row;
            }
        }

        foreach (var table in Tables.Of(resource.Owner.Kind))
        {
            foreach (var row in replica.OfResource(table.Name, resource.Owner.Id))
            {
                rows[new(table.Name, row.Uuid)] = row;
            }
        }

        return rows.Select(pair => new ActualRow(
            pair.Key,
            pair.Value,
            ParentsOf(pair.Key, resource.Rows.FirstOrDefault(w => w.Ref == pair.Key)?.Parent)
        ));
    }

    // The kind in the owner mark is ignored if resources of that kind have no rows in the table.
    private OwnerKind KindOf(MarkedTable table, Guid id) =>
        table.Owners.Count > 1 && MarkedKind(table.Name, id) is { } kind && table.Owners.Contains(kind) ? kind : table.Owners[^1];

    private OwnerKind? MarkedKind(string table, Guid id) =>
        replica.OfResource(table, id).Select(row => ownership.OwnerOf(row)?.Kind).FirstOrDefault();

    private List<RowRef> ParentsOf(RowRef row, RowRef? expected)
    {
        if (Tables.ParentOf(row.Table) is not { } table)
        {
            return [];
        }

        // The usual case: the port is in the parent where it must be. Others are searched only if it is not, or if the view is thorough.
        if (!isThorough && expected is { } known && replica.Find(known.Table, known.Uuid)?["ports"].Contains(row.Uuid) == true)
        {
            return [known];
        }

        // Scanning all switches is cheap for a few ports. For many ports, an index of all members is built once.
        return ++_scans <= MaxScans
            ? [.. replica.Table(table).Values.Where(p => p["ports"].Contains(row.Uuid)).Select(p => new RowRef(table, p.Uuid))]
            : ParentsByPort(table).GetValueOrDefault(row.Uuid) ?? [];
    }

    private Dictionary<Guid, List<RowRef>> ParentsByPort(string table)
    {
        if (_parents.TryGetValue(table, out var all))
        {
            return all;
        }

        _parents[table] = all = [];
        foreach (var parent in replica.Table(table).Values)
        {
            foreach (var port in parent["ports"].AsSet())
            {
                if (!all.TryGetValue(port.AsUuid(), out var parents))
                {
                    all[port.AsUuid()] = parents = new(1);
                }

                parents.Add(new(table, parent.Uuid));
            }
        }
        return all;
    }
}
