using Ovsdb;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Operations of one group. If the database rejects a transaction, the groups are tried one by one, so that VMs do not block each other.
/// </summary>
/// <param name="Resources">Ids of the resources whose rows the group writes; empty for the group of removals.</param>
internal sealed record OvsChangeGroup(IReadOnlyList<Guid> Resources, IReadOnlyList<Op> Ops);

/// <summary>
/// Collects changes of the Open_vSwitch database and builds operations from them: one group per VM, and one for all removals.
/// </summary>
internal sealed class OvsChanges(OvsState ovs)
{
    public const string IfaceIdKey = "iface-id";

    // ovn-controller writes these keys for the bound logical port. They are wrong once the iface-id changes.
    private static readonly string[] BindingKeys = ["ovn-installed", "ovn-installed-ts"];

    private readonly List<(Guid Vm, Guid? Resource, Op Op)> _ops = [];
    private readonly List<(Guid Vm, string Bridge, OvsdbValue Port)> _addedPorts = [];
    private readonly List<(Guid Vm, string Name, string DatapathType, OwnerMark Mark)> _addedBridges = [];
    private readonly Dictionary<Guid, HashSet<Guid>> _removedPorts = [];
    private readonly HashSet<Guid> _removedBridges = [];
    private readonly List<OvsChange> _removals = [];
    private readonly List<OvsChange> _others = [];
    private int _lastNumber;

    /// <summary>The changes in terms of bridges and ports, in an order in which they can be carried out.</summary>
    public IReadOnlyList<OvsChange> All =>
        [.. _removals, .. _addedBridges.Select(bridge => new AddBridge(bridge.Name, bridge.DatapathType, bridge.Mark)), .. _others];

    public void AddBridge(Guid vm, string name, string datapathType, OwnerMark mark) => _addedBridges.Add((vm, name, datapathType, mark));

    /// <summary>Removes the bridge with all its ports.</summary>
    public void RemoveBridge(OvsBridge bridge)
    {
        if (_removedBridges.Add(bridge.Uuid))
        {
            _removals.Add(new RemoveBridge(bridge));
        }
    }

    /// <summary>Sets what differs and returns whether anything did.</summary>
    public bool RepairBridge(Guid vm, OvsBridge bridge, string datapathType, OwnerMark mark)
    {
        var before = _ops.Count;
        if (bridge.DatapathType != datapathType)
        {
            Add(vm, vm, Op.Update("Bridge", [Where.Uuid(bridge.Uuid)], Columns(("datapath_type", datapathType))));
            _others.Add(new ChangeBridge(bridge, datapathType));
        }

        SetExternalIds(new RowKey(vm, vm, "Bridge", bridge.Uuid), bridge.ExternalIds, mark.ExternalIds, []);
        return _ops.Count > before;
    }

    public void AddPort(Guid vm, WantedPort port)
    {
        var (interfaceName, portName) = ($"interface_{++_lastNumber}", $"port_{_lastNumber}");
        var columns = Columns(("name", port.Name), ("type", port.Type), ("external_ids", OvsdbValue.Map(port.InterfaceExternalIds)));
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

        Add(vm, port.Mark.Id, Op.Insert("Interface", columns, uuidName: interfaceName));

        columns = Columns(
            ("name", port.Name),
            ("interfaces", OvsdbValue.NamedUuid(interfaceName)),
            ("external_ids", OvsdbValue.Map(port.Mark.ExternalIds)),
            ("tag", OvsdbValue.Optional(port.Tag)),
            ("trunks", OvsdbValue.Set(port.Trunks ?? []))
        );
        Add(vm, port.Mark.Id, Op.Insert("Port", columns, uuidName: portName));
        _addedPorts.Add((vm, port.Bridge, OvsdbValue.NamedUuid(portName)));
        _others.Add(new AddPort(port));
    }

    public void RemovePort(OvsBridge bridge, OvsPort port)
    {
        if (!_removedPorts.TryGetValue(bridge.Uuid, out var ports))
        {
            _removedPorts[bridge.Uuid] = ports = [];
        }

        if (ports.Add(port.Uuid))
        {
            _removals.Add(new RemovePort(bridge, port));
        }
    }

    public bool IsRemoved(OvsBridge bridge, OvsPort port) =>
        _removedPorts.TryGetValue(bridge.Uuid, out var ports) && ports.Contains(port.Uuid);

    /// <summary>Sets the columns that differ and returns whether any did. The port must have one interface, named like the port.</summary>
    public bool RepairPort(Guid vm, OvsPort port, WantedPort wanted)
    {
        var before = _ops.Count;
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

        var row = new RowKey(vm, wanted.Mark.Id, "Port", port.Uuid);
        SetColumns(row, columns);
        SetExternalIds(row, port.ExternalIds, wanted.Mark.ExternalIds, []);
        RepairInterface(vm, port.Interfaces[0], wanted);
        if (_ops.Count == before)
        {
            return false;
        }

        _others.Add(new ChangePort(port, wanted, _ops[before..].ConvertAll(change => change.Op)));
        return true;
    }

    /// <summary>Builds all operations. A group refers only to named rows of its own.</summary>
    public IReadOnlyList<OvsChangeGroup> Build()
    {
        var removals = BuildRemovals();
        InsertBridges();
        AttachPorts();
        return
        [
            .. removals.Count > 0 ? [new OvsChangeGroup([], removals)] : Array.Empty<OvsChangeGroup>(),
            .. _ops.GroupBy(op => op.Vm)
                .Select(group => new OvsChangeGroup(
                    [.. group.Select(op => op.Resource).OfType<Guid>().Distinct()],
                    [.. group.Select(op => op.Op)]
                )),
        ];
    }

    private void RepairInterface(Guid vm, OvsInterface actual, WantedPort wanted)
    {
        var columns = Columns();
        if (actual.Type != wanted.Type && (actual.Type, wanted.Type) is not ("system", ""))
        {
            columns["type"] = wanted.Type;
        }

        if (wanted.Peer is not null && !(actual.Options.Count == 1 && actual.Options.GetValueOrDefault("peer") == wanted.Peer))
        {
            columns["options"] = Map(("peer", wanted.Peer));
        }

        if (wanted.Mac is not null && actual.Mac != wanted.Mac)
        {
            columns["mac"] = wanted.Mac;
        }

        if (wanted.Mtu is { } mtu && actual.MtuRequest != mtu)
        {
            columns["mtu_request"] = mtu;
        }

        var row = new RowKey(vm, wanted.Mark.Id, "Interface", actual.Uuid);
        SetColumns(row, columns);
        var ifaceId = actual.ExternalIds.GetValueOrDefault(IfaceIdKey);
        SetExternalIds(
            row,
            actual.ExternalIds,
            wanted.InterfaceExternalIds,
            ifaceId is null || ifaceId == wanted.IfaceId ? [] : [IfaceIdKey, .. BindingKeys]
        );
    }

    private List<Op> BuildRemovals()
    {
        var removals = new List<Op>();
        if (_removedBridges.Count > 0)
        {
            removals.Add(
                Op.Mutate("Open_vSwitch", [Where.Uuid(ovs.Root)], Mutation.Delete("bridges", OvsdbValue.Set(_removedBridges.Order())))
            );
        }

        foreach (var (bridge, ports) in _removedPorts.Where(entry => !_removedBridges.Contains(entry.Key)))
        {
            removals.Add(Op.Mutate("Bridge", [Where.Uuid(bridge)], Mutation.Delete("ports", OvsdbValue.Set(ports.Order()))));
        }

        return removals;
    }

    private void InsertBridges()
    {
        foreach (var (vm, name, datapathType, mark) in _addedBridges)
        {
            var row = $"bridge_{++_lastNumber}";
            var columns = Columns(
                ("name", name),
                ("datapath_type", datapathType),
                ("external_ids", OvsdbValue.Map(mark.ExternalIds)),
                ("ports", OvsdbValue.Set(_addedPorts.Where(added => added.Bridge == name).Select(added => added.Port)))
            );
            Add(vm, vm, Op.Insert("Bridge", columns, uuidName: row));
            Add(vm, vm, Op.Mutate("Open_vSwitch", [Where.Uuid(ovs.Root)], Mutation.Insert("bridges", OvsdbValue.NamedUuid(row))));
        }
    }

    // Only to existing bridges: a new bridge is inserted with its ports.
    private void AttachPorts()
    {
        foreach (var ports in _addedPorts.GroupBy(added => (added.Vm, added.Bridge), added => added.Port))
        {
            if (ovs.FindBridge(ports.Key.Bridge) is { } bridge)
            {
                Add(ports.Key.Vm, null, Op.Mutate("Bridge", [Where.Uuid(bridge.Uuid)], Mutation.Insert("ports", OvsdbValue.Set(ports))));
            }
        }
    }

    private void Add(Guid vm, Guid? resource, Op op) => _ops.Add((vm, resource, op));

    private void SetColumns(RowKey row, Dictionary<string, OvsdbValue> columns)
    {
        if (columns.Count > 0)
        {
            Add(row.Vm, row.Resource, Op.Update(row.Table, [Where.Uuid(row.Uuid)], columns));
        }
    }

    // An insert into a map does not replace the value of an existing key (RFC 7047 §5.1), so a key with another value is deleted first.
    // Keys of other programs stay.
    private void SetExternalIds(
        RowKey row,
        IReadOnlyDictionary<string, string> actual,
        IReadOnlyDictionary<string, string> wanted,
        string[] unwantedKeys
    )
    {
        var differing = wanted.Where(pair => actual.GetValueOrDefault(pair.Key) != pair.Value).ToDictionary();
        var deleted = differing.Keys.Concat(unwantedKeys).Where(actual.ContainsKey).Distinct().Order(StringComparer.Ordinal).ToArray();
        Mutation[] mutations =
        [
            .. deleted.Length > 0 ? [Mutation.Delete("external_ids", OvsdbValue.Set(deleted))] : Array.Empty<Mutation>(),
            .. differing.Count > 0 ? [Mutation.Insert("external_ids", OvsdbValue.Map(differing))] : Array.Empty<Mutation>(),
        ];
        if (mutations.Length > 0)
        {
            Add(row.Vm, row.Resource, Op.Mutate(row.Table, [Where.Uuid(row.Uuid)], mutations));
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

    /// <summary>An existing row, with the VM and the resource that it belongs to.</summary>
    private readonly record struct RowKey(Guid Vm, Guid Resource, string Table, Guid Uuid);
}
