namespace OvnNestApi.Northbound;

/// <summary>
/// The ports that this service did not create, on the switches of our networks, and the rows that networks on existing switches use. It
/// follows the NB from change to change: a change costs the changed ports.
/// </summary>
internal sealed class ForeignPorts(NorthboundDb nb)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Guid, UsedSwitch> _networks = [];

    // The foreign members of each switch of our networks, and those of them that were read.
    private readonly Dictionary<Guid, HashSet<Guid>> _members = [];
    private readonly Dictionary<Guid, Guid> _switchOf = [];
    private readonly Dictionary<Guid, ForeignPort> _ports = [];
    private readonly AddressHolders _holders = new();
    private readonly HashSet<Guid> _changed = [];
    private readonly HashSet<Guid> _replanned = [];

    // False if other ports must be replicated, or if other rows may have to be used, than at the end of the last pass.
    private bool _isReplicated = true;
    private bool _isPlanned = true;

    /// <summary>True if ports have changed that are not read or recorded yet, or networks may have to be planned again.</summary>
    public bool HasNews => _changed.Count + _replanned.Count > 0 || !_isReplicated || !_isPlanned;

    /// <summary>UUIDs of all foreign ports that were read.</summary>
    public IEnumerable<Guid> All => _ports.Keys;

    /// <summary>UUIDs of the foreign ports that were not read yet.</summary>
    public IEnumerable<Guid> Unread => _switchOf.Keys.Where(port => !_ports.ContainsKey(port));

    /// <summary>Applies what has changed in the NB; the drift then no longer contains the memberships.</summary>
    public void Apply(NorthboundDrift drift)
    {
        _isPlanned &= !drift.HasForeignChange;
        foreach (var (used, port, isMember) in drift.Memberships)
        {
            if (_members.TryGetValue(used, out var members))
            {
                SetMember(used, members, port, isMember && nb.OwnerOf(port) is null);
            }
        }

        foreach (var port in drift.Marked)
        {
            if (_switchOf.TryGetValue(port, out var used))
            {
                SetMember(used, _members[used], port, isMember: false);
            }
        }

        drift.Memberships.Clear();
        drift.Marked.Clear();
        var routerPorts = new HashSet<string?>();
        foreach (var change in nb.Ports.TakeChanges())
        {
            if (change.Table == Tables.SwitchPort)
            {
                Read(change.Uuid);
            }
            else
            {
                routerPorts.Add((change.After ?? change.Before)?["name"].AsOptionalString());
            }
        }

        foreach (var port in _ports.Values.Where(port => routerPorts.Contains(port.RouterPort) && port.RouterPort is not null).ToList())
        {
            Read(port.Uuid);
        }
    }

    /// <summary>Adopts the networks as they are in the desired state, and replicates the foreign ports of their switches.</summary>
    /// <param name="all">Ids of all resources; null if the networks are not all networks.</param>
    public async Task FollowAsync(
        IEnumerable<DesiredNetwork> networks,
        IReadOnlySet<Guid>? all,
        NorthboundView view,
        CancellationToken cancellationToken
    )
    {
        foreach (var gone in _networks.Keys.Where(id => all?.Contains(id) == false).ToList())
        {
            _networks.Remove(gone);
        }

        foreach (var network in networks)
        {
            Follow(network, view);
        }

        ForgetUnused();
        if (all is not null)
        {
            foreach (var (used, members) in _members)
            {
                Compare(used, members, all);
            }

            ReadAll(_ => true);
        }

        await ReplicateAsync(cancellationToken);
        Plan(_isPlanned ? networks.Select(network => network.Id) : [.. _networks.Keys], view);
        _isPlanned = true;
    }

    /// <summary>Returns the existing rows that a network on an existing switch must use.</summary>
    public ExistingSwitch Existing(DesiredNetwork network, NorthboundView view) =>
        view.Existing(network, used =>
            _members.GetValueOrDefault(used)?.Select(port => _ports.GetValueOrDefault(port)?.Dhcp).OfType<Guid>().ToHashSet() ?? []
        );

    /// <summary>Returns a foreign port, on the switch of a port's network, that has one of its addresses; null if there is none.</summary>
    public ForeignPort? RivalOf(DesiredPort port)
    {
        if (_networks.GetValueOrDefault(port.NetworkId)?.Switch is not { } used)
        {
            return null;
        }

        var rivals = (port.Ip is { } ip ? _holders.Of(used, ip) : []).Concat(_holders.Of(used, port.Mac));
        return rivals.Where(rival => rival != port.PortUuid).Select(rival => _ports[rival]).FirstOrDefault();
    }

    /// <summary>Returns the networks that use the switch of the port, and the port; null if the port does not exist.</summary>
    public (IEnumerable<DesiredNetwork> Networks, ForeignPort Port)? Find(Guid port) =>
        _ports.TryGetValue(port, out var found)
            ? (_networks.Values.Where(one => one.Switch == found.Switch).Select(one => one.Network), found)
            : null;

    /// <summary>Takes the ports that have changed since the last call.</summary>
    public HashSet<Guid> TakeChanged() => Take(_changed);

    /// <summary>Takes the networks that have to be planned again, because other rows are to be used.</summary>
    public HashSet<Guid> TakeReplanned() => Take(_replanned);

    /// <summary>Puts back what could not be recorded.</summary>
    public void PutBack(IEnumerable<Guid> changed, IEnumerable<Guid> replanned)
    {
        _changed.UnionWith(changed);
        _replanned.UnionWith(replanned);
    }

    private void Follow(DesiredNetwork network, NorthboundView view)
    {
        var former = _networks.GetValueOrDefault(network.Id);
        if (!network.IsWanted)
        {
            _networks.Remove(network.Id);
            return;
        }

        var used = network.SwitchExisting ? view.SwitchOf(network) : network.SwitchUuid;
        _networks[network.Id] = new(network, used, former?.Existing ?? default);
        if (used is { } uuid && (former is null || former.Switch != used || former.Network.Subnet != network.Subnet))
        {
            _changed.UnionWith(_members.GetValueOrDefault(uuid) ?? []);
            if (_members.TryAdd(uuid, []))
            {
                Compare(uuid, _members[uuid], null);
            }
        }
    }

    /// <summary>Forgets the switches that no network uses any more.</summary>
    private void ForgetUnused()
    {
        foreach (var unused in _members.Keys.Except(_networks.Values.Select(one => one.Switch).OfType<Guid>()).ToList())
        {
            foreach (var port in _members[unused].ToList())
            {
                SetMember(unused, _members[unused], port, isMember: false);
            }

            _members.Remove(unused);
        }
    }

    /// <summary>Compares the foreign members of a switch with the NB.</summary>
    /// <param name="known">Ids of all resources; null if rows with an owner mark are not to be searched for unknown owners.</param>
    private void Compare(Guid used, HashSet<Guid> members, IReadOnlySet<Guid>? known)
    {
        var present = nb.Replica.Find(Tables.Switch, used)?["ports"].AsSet().Select(port => port.AsUuid()).ToHashSet() ?? [];
        foreach (var gone in members.Except(present).ToList())
        {
            SetMember(used, members, gone, isMember: false);
        }

        foreach (var port in present)
        {
            var owner = nb.OwnerOf(port);
            if (owner is null || known is not null)
            {
                SetMember(used, members, port, isMember: owner is not { } id || known?.Contains(id) == false);
            }
        }
    }

    private void SetMember(Guid used, HashSet<Guid> members, Guid port, bool isMember)
    {
        if (isMember && members.Add(port))
        {
            _switchOf[port] = used;
            _isReplicated = false;
            Read(port);
        }
        else if (!isMember && members.Remove(port))
        {
            _switchOf.Remove(port);
            _isReplicated = false;
            Replace(_ports.GetValueOrDefault(port), null);
        }
    }

    private async Task ReplicateAsync(CancellationToken cancellationToken)
    {
        // Once more after the first time, because the rows of the ports name the router ports.
        while (!_isReplicated)
        {
            _isReplicated = true;
            HashSet<string> routerPorts = [.. _ports.Values.Select(port => port.RouterPort).OfType<string>()];
            if (await nb.Ports.ChooseAsync([.. _switchOf.Keys], routerPorts, Patience, cancellationToken))
            {
                ReadAll(port => port is null or { RouterPort: not null });
            }
        }
    }

    private void Plan(IEnumerable<Guid> networks, NorthboundView view)
    {
        foreach (var id in networks)
        {
            if (_networks.TryGetValue(id, out var used) && used.Network.SwitchExisting && Existing(used.Network, view) is var existing)
            {
                _networks[id] = used with { Existing = existing };
                if (existing != used.Existing)
                {
                    _replanned.Add(id);
                }
            }
        }
    }

    private void ReadAll(Func<ForeignPort?, bool> which)
    {
        foreach (var port in _switchOf.Keys.Where(port => which(_ports.GetValueOrDefault(port))).ToList())
        {
            Read(port);
        }
    }

    /// <summary>Reads a member again, if it is replicated.</summary>
    private void Read(Guid port)
    {
        if (_switchOf.TryGetValue(port, out var used) && nb.Ports.Port(port) is { } row)
        {
            Replace(_ports.GetValueOrDefault(port), ForeignPort.Of(row, used, nb.Ports.RouterPort));
        }
    }

    private void Replace(ForeignPort? former, ForeignPort? current)
    {
        if (current?.HasSameContent(former) ?? former is null)
        {
            return;
        }

        // Another port that has an address of the former too is recorded in place of it.
        _changed.UnionWith(_holders.Replace(former, current));
        if (former is not null)
        {
            _ports.Remove(former.Uuid);
            _changed.Add(former.Uuid);
        }

        if (current is not null)
        {
            _ports[current.Uuid] = current;
            _changed.Add(current.Uuid);
        }

        _isReplicated &= former?.RouterPort == current?.RouterPort;
        _isPlanned &= former?.Dhcp == current?.Dhcp;
    }

    private static HashSet<Guid> Take(HashSet<Guid> ids)
    {
        var taken = ids.ToHashSet();
        ids.Clear();
        return taken;
    }

    /// <summary>A network, its switch, and the existing rows that it used at the end of the last pass.</summary>
    private sealed record UsedSwitch(DesiredNetwork Network, Guid? Switch, ExistingSwitch Existing);
}
