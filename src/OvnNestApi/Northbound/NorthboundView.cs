using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The copy of the NB at one moment, seen by object. Pure: the copy does not change any more.</summary>
/// <param name="copy">The copy.</param>
/// <param name="ownership">Our marks.</param>
/// <param name="isThorough">Look for ports in every switch, not only where they belong: for what has drifted, and for a full
/// comparison.</param>
public sealed class NorthboundView(ReplicaSnapshot copy, Ownership ownership, bool isThorough)
{
    private const int FewSearches = 32;
    private readonly Dictionary<string, Dictionary<Guid, List<RowRef>>> _whereabouts = [];
    private int _searches;

    /// <summary>The copy.</summary>
    public ReplicaSnapshot Copy => copy;

    /// <summary>The rows that matter for these objects: with a wanted UUID, or with the object's mark.</summary>
    /// <param name="wanted">The objects.</param>
    /// <param name="read">Rows that are there but not in the copy, read one by one.</param>
    public ILookup<OwnerRef, ActualRow> RowsOf(IReadOnlyList<WantedResource> wanted, IReadOnlyDictionary<RowRef, Row>? read = null) =>
        wanted.SelectMany(o => RowsOf(o, read).Select(row => (o.Object, Row: row))).ToLookup(pair => pair.Object, pair => pair.Row);

    /// <summary>Some row bears the object's mark.</summary>
    public bool HasRows(OwnerRef of) => TablesOf(of.Kind).Any(table => copy.OfObject(table, of.Id).Count > 0);

    /// <summary>Every object that some row names as its owner.</summary>
    public IReadOnlySet<OwnerRef> Owners() =>
        Tables.Marked.SelectMany(table => copy.MarkedIds(table).Select(id => new OwnerRef(KindOf(table, id), id))).ToHashSet();

    /// <summary>How many rows of ours there are.</summary>
    public int Count() => Tables.Marked.Sum(table => copy.MarkedIds(table).Sum(id => copy.OfObject(table, id).Count));

    /// <summary>The switch and DHCP row of others' that the network is to use.</summary>
    public ExistingSwitch Existing(DesiredNetwork network)
    {
        var named = copy.SwitchesNamed(network.SwitchName).Where(row => ownership.OwnerOf(row)?.Id != network.Id).ToList();
        if (named.Count != 1)
        {
            return new(
                null,
                null,
                named.Count == 0
                    ? $"There is no logical switch {network.SwitchName}."
                    : $"{named.Count} logical switches are named {network.SwitchName}: {Uuids(named)}."
            );
        }

        var uuid = named[0].Uuid;
        if (network.DhcpOptionsId is { } chosen)
        {
            return copy.Find(Tables.Dhcp, chosen) is null
                ? new(null, null, $"There is no DHCP_Options row {chosen}.")
                : new(uuid, chosen, null);
        }

        if (!network.DhcpEnabled || network.Subnet is not { } subnet)
        {
            return new(uuid, null, null);
        }

        var dhcp = copy.DhcpOf(subnet.ToString()).Where(row => ownership.OwnerOf(row) is null).ToList();
        return dhcp.Count > 1
            ? new(null, null, $"{dhcp.Count} DHCP_Options rows have the subnet {subnet}: {Uuids(dhcp)}. dhcp.optionsId chooses one.")
            : new(uuid, dhcp.SingleOrDefault()?.Uuid, null);
    }

    /// <summary>
    /// Ports of a parent that bear a container's tag or ask for it and are not its own; with the id of the object of ours that they belong
    /// to.
    /// </summary>
    public IEnumerable<(Row Row, Guid? Owner)> RivalsOf(DesiredPort container, string parent) =>
        copy.WithTag(parent, container.Tag ?? 0)
            .Where(row => row.Uuid != container.PortUuid)
            .Select(row => (Row: row, Owner: ownership.OwnerOf(row)?.Id))
            .Where(rival => rival.Owner != container.Id);

    private static string Uuids(IEnumerable<Row> rows) => string.Join(", ", rows.Select(row => row.Uuid).Order());

    private IEnumerable<ActualRow> RowsOf(WantedResource o, IReadOnlyDictionary<RowRef, Row>? read)
    {
        var rows = new Dictionary<RowRef, Row>();
        foreach (var wanted in o.Rows)
        {
            if ((copy.Find(wanted.Ref.Table, wanted.Ref.Uuid) ?? read?.GetValueOrDefault(wanted.Ref)) is { } row)
            {
                rows[wanted.Ref] = row;
            }
        }

        foreach (var table in TablesOf(o.Object.Kind))
        {
            foreach (var row in copy.OfObject(table, o.Object.Id))
            {
                rows[new(table, row.Uuid)] = row;
            }
        }

        return rows.Select(pair => new ActualRow(
            pair.Key,
            pair.Value,
            ParentsOf(pair.Key, o.Rows.FirstOrDefault(w => w.Ref == pair.Key)?.Parent)
        ));
    }

    private static string[] TablesOf(OwnerKind kind) =>
        kind switch
        {
            OwnerKind.Router => [Tables.Router],
            OwnerKind.Network => [Tables.Switch, Tables.Dhcp, Tables.RouterPort, Tables.SwitchPort],
            _ => [Tables.SwitchPort],
        };

    // What the mark says, unless no object of that kind has rows in that table.
    private OwnerKind KindOf(string table, Guid id) =>
        table switch
        {
            Tables.Router => OwnerKind.Router,
            Tables.SwitchPort => copy.OfObject(table, id).Select(row => ownership.OwnerOf(row)?.Kind).FirstOrDefault() is { } kind
            && kind != OwnerKind.Router
                ? kind
                : OwnerKind.Container,
            _ => OwnerKind.Network,
        };

    private List<RowRef> ParentsOf(RowRef row, RowRef? expected)
    {
        if (Tables.ParentOf(row.Table) is not { } table)
        {
            return [];
        }
        // The usual case: it is where it belongs. Elsewhere it is looked for only if it is not, or with cause.
        if (!isThorough && expected is { } there && copy.Find(there.Table, there.Uuid) is { } parent && parent["ports"].Contains(row.Uuid))
        {
            return [there];
        }
        // Asking every switch is cheap for a few ports; for many it pays to turn them all round once.
        return ++_searches <= FewSearches
            ? [.. copy.Table(table).Values.Where(p => p["ports"].Contains(row.Uuid)).Select(p => new RowRef(table, p.Uuid))]
            : Whereabouts(table).GetValueOrDefault(row.Uuid) ?? [];
    }

    private Dictionary<Guid, List<RowRef>> Whereabouts(string table)
    {
        if (_whereabouts.TryGetValue(table, out var all))
        {
            return all;
        }

        _whereabouts[table] = all = [];
        foreach (var parent in copy.Table(table).Values)
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
