using Ovsdb;

namespace OvnNestApi.Agent.Planning;

/// <summary>A port as it shall be, with its one interface of the same name.</summary>
/// <param name="Bridge">The bridge that it belongs on.</param>
/// <param name="Tag">Access port of this VLAN; null: see <paramref name="Trunks"/>.</param>
/// <param name="Trunks">The only VLANs that pass; empty: all.</param>
/// <param name="Type">The interface's type: <c>internal</c>, <c>patch</c>, or empty for a device that exists.</param>
/// <param name="Peer">For a patch port: the other end.</param>
/// <param name="IfaceId">The logical port that OVN shall bind here; null: none, and none may stand there.</param>
internal sealed record WantedPort(
    string Bridge,
    string Name,
    OwnerMark Mark,
    string Type,
    int? Tag = null,
    IReadOnlyList<long>? Trunks = null,
    string? Peer = null,
    string? Mac = null,
    int? Mtu = null,
    string? IfaceId = null
)
{
    public IReadOnlyDictionary<string, string> ExternalIds =>
        IfaceId is null ? Mark.ExternalIds : new Dictionary<string, string>(Mark.ExternalIds) { [OvsChanges.IfaceIdKey] = IfaceId };
}

/// <summary>Operations that belong together, so that one VM's rejected ones need not stop the others'.</summary>
/// <param name="Resources">Whose rows they shape; empty for removals.</param>
internal sealed record OvsChangeGroup(IReadOnlyList<Guid> Resources, IReadOnlyList<Op> Ops);

/// <summary>Collects what shall change in the Open_vSwitch database, and says it in operations. Groups are keyed by the VM; removals have none.</summary>
internal sealed class OvsChanges(OvsState ovs)
{
    public const string IfaceIdKey = "iface-id";

    // ovn-controller's own notes about the binding: they speak of the former iface-id when that changes.
    private static readonly string[] BindingKeys = ["ovn-installed", "ovn-installed-ts"];

    private readonly List<(Guid Group, Guid? Object, Op Op)> _ops = [];
    private readonly List<(Guid Group, string Bridge, OvsdbValue Port)> _added = [];
    private readonly List<(Guid Group, string Name, string DatapathType, OwnerMark Mark)> _bridges = [];
    private readonly Dictionary<Guid, HashSet<Guid>> _dropped = [];
    private readonly HashSet<Guid> _droppedBridges = [];
    private int _names;

    public void AddBridge(Guid group, string name, string datapathType, OwnerMark mark) => _bridges.Add((group, name, datapathType, mark));

    /// <summary>The bridge goes, with every port that is still on it.</summary>
    public void DropBridge(OvsBridge bridge) => _droppedBridges.Add(bridge.Uuid);

    public void Repair(Guid group, OvsBridge bridge, string datapathType)
    {
        if (bridge.DatapathType != datapathType)
        {
            Change(group, group, Op.Update("Bridge", [Where.Uuid(bridge.Uuid)], Columns(("datapath_type", datapathType))));
        }
    }

    public void Add(Guid group, WantedPort port)
    {
        var (@interface, row) = ($"interface_{++_names}", $"port_{_names}");
        var columns = Columns(("name", port.Name), ("type", port.Type), ("external_ids", OvsdbValue.Map(port.ExternalIds)));
        if (port.Peer is not null)
        {
            columns["options"] = Map(("peer", port.Peer));
        }

        if (port.Mac is not null)
        {
            columns["mac"] = port.Mac;
        }

        if (port.Mtu is { } mtu)
        {
            columns["mtu_request"] = mtu;
        }

        Change(group, port.Mark.Id, Op.Insert("Interface", columns, uuidName: @interface));

        columns = Columns(
            ("name", port.Name),
            ("interfaces", OvsdbValue.NamedUuid(@interface)),
            ("external_ids", OvsdbValue.Map(port.Mark.ExternalIds)),
            ("tag", OvsdbValue.Optional(port.Tag)),
            ("trunks", OvsdbValue.Set(port.Trunks ?? []))
        );
        Change(group, port.Mark.Id, Op.Insert("Port", columns, uuidName: row));
        _added.Add((group, port.Bridge, OvsdbValue.NamedUuid(row)));
    }

    public void Drop(OvsBridge bridge, OvsPort port)
    {
        if (!_dropped.TryGetValue(bridge.Uuid, out var ports))
        {
            _dropped[bridge.Uuid] = ports = [];
        }

        ports.Add(port.Uuid);
    }

    public bool IsDropped(OvsBridge bridge, OvsPort port) => _dropped.TryGetValue(bridge.Uuid, out var ports) && ports.Contains(port.Uuid);

    /// <summary>Sets what differs; says whether anything did. The port's one interface has the port's name.</summary>
    public bool Repair(Guid group, OvsPort port, WantedPort wanted)
    {
        var before = _ops.Count;
        var only = port.Interfaces[0];

        var columns = Columns();
        if (port.Tag != wanted.Tag)
        {
            columns["tag"] = OvsdbValue.Optional(wanted.Tag);
        }

        if (!port.Trunks.SetEquals(wanted.Trunks ?? []))
        {
            columns["trunks"] = OvsdbValue.Set(wanted.Trunks ?? []);
        }

        if (port.VlanMode is not null)
        {
            columns["vlan_mode"] = OvsdbValue.Empty;
        }

        Set(group, wanted.Mark.Id, "Port", port.Uuid, columns);
        SetKeys(group, wanted.Mark.Id, "Port", port.Uuid, port.ExternalIds, wanted.Mark.ExternalIds, []);

        columns = Columns();
        if (only.Type != wanted.Type && (only.Type, wanted.Type) is not ("system", ""))
        {
            columns["type"] = wanted.Type;
        }

        if (wanted.Peer is not null && !(only.Options.Count == 1 && only.Options.GetValueOrDefault("peer") == wanted.Peer))
        {
            columns["options"] = Map(("peer", wanted.Peer));
        }

        if (wanted.Mac is not null && only.Mac != wanted.Mac)
        {
            columns["mac"] = wanted.Mac;
        }

        if (wanted.Mtu is { } mtu && only.MtuRequest != mtu)
        {
            columns["mtu_request"] = mtu;
        }

        Set(group, wanted.Mark.Id, "Interface", only.Uuid, columns);

        var former = only.ExternalIds.GetValueOrDefault(IfaceIdKey);
        SetKeys(
            group,
            wanted.Mark.Id,
            "Interface",
            only.Uuid,
            only.ExternalIds,
            wanted.ExternalIds,
            former is null || former == wanted.IfaceId ? [] : [IfaceIdKey, .. BindingKeys]
        );
        return _ops.Count > before;
    }

    /// <summary>Everything collected. Named rows are referred to only within their own group.</summary>
    public IReadOnlyList<OvsChangeGroup> Build()
    {
        var removals = new List<Op>();
        if (_droppedBridges.Count > 0)
        {
            removals.Add(
                Op.Mutate("Open_vSwitch", [Where.Uuid(ovs.Root)], Mutation.Delete("bridges", OvsdbValue.Set(_droppedBridges.Order())))
            );
        }

        foreach (var (bridge, ports) in _dropped.Where(entry => !_droppedBridges.Contains(entry.Key)))
        {
            removals.Add(Op.Mutate("Bridge", [Where.Uuid(bridge)], Mutation.Delete("ports", OvsdbValue.Set(ports.Order()))));
        }

        foreach (var (group, name, datapathType, mark) in _bridges)
        {
            var row = $"bridge_{++_names}";
            Change(
                group,
                group,
                Op.Insert(
                    "Bridge",
                    Columns(
                        ("name", name),
                        ("datapath_type", datapathType),
                        ("external_ids", OvsdbValue.Map(mark.ExternalIds)),
                        ("ports", OvsdbValue.Set(_added.Where(added => added.Bridge == name).Select(added => added.Port)))
                    ),
                    uuidName: row
                )
            );
            Change(group, group, Op.Mutate("Open_vSwitch", [Where.Uuid(ovs.Root)], Mutation.Insert("bridges", OvsdbValue.NamedUuid(row))));
        }

        foreach (var added in _added.GroupBy(added => (added.Group, added.Bridge), added => added.Port))
        {
            if (ovs.FindBridge(added.Key.Bridge) is { } bridge)
            {
                Change(
                    added.Key.Group,
                    null,
                    Op.Mutate("Bridge", [Where.Uuid(bridge.Uuid)], Mutation.Insert("ports", OvsdbValue.Set(added)))
                );
            }
        }

        return
        [
            .. removals.Count > 0 ? [new OvsChangeGroup([], removals)] : Array.Empty<OvsChangeGroup>(),
            .. _ops.GroupBy(op => op.Group)
                .Select(group => new OvsChangeGroup(
                    [.. group.Select(op => op.Object).OfType<Guid>().Distinct()],
                    [.. group.Select(op => op.Op)]
                )),
        ];
    }

    private void Change(Guid group, Guid? @object, Op op) => _ops.Add((group, @object, op));

    private void Set(Guid group, Guid @object, string table, Guid row, Dictionary<string, OvsdbValue> columns)
    {
        if (columns.Count > 0)
        {
            Change(group, @object, Op.Update(table, [Where.Uuid(row)], columns));
        }
    }

    // An insert into a map keeps a key's present value: what differs is deleted first. The keys of others stay.
    private void SetKeys(
        Guid group,
        Guid @object,
        string table,
        Guid row,
        IReadOnlyDictionary<string, string> actual,
        IReadOnlyDictionary<string, string> wanted,
        string[] unwanted
    )
    {
        var differing = wanted.Where(pair => actual.GetValueOrDefault(pair.Key) != pair.Value).ToDictionary();
        var gone = differing.Keys.Concat(unwanted).Where(actual.ContainsKey).Distinct().Order(StringComparer.Ordinal).ToArray();
        Mutation[] mutations =
        [
            .. gone.Length > 0 ? [Mutation.Delete("external_ids", OvsdbValue.Set(gone))] : Array.Empty<Mutation>(),
            .. differing.Count > 0 ? [Mutation.Insert("external_ids", OvsdbValue.Map(differing))] : Array.Empty<Mutation>(),
        ];
        if (mutations.Length > 0)
        {
            Change(group, @object, Op.Mutate(table, [Where.Uuid(row)], mutations));
        }
    }

    private static Dictionary<string, OvsdbValue> Columns(params ReadOnlySpan<(string Name, OvsdbValue Value)> columns)
    {
        var row = new Dictionary<string, OvsdbValue>(columns.Length);
        foreach (var (name, value) in columns)
        {
            row[name] = value;
        }

        return row;
    }

    private static OvsdbValue Map(params (string Key, string Value)[] pairs) =>
        OvsdbValue.Map(pairs.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
}
