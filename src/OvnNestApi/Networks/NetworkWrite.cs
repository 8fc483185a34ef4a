using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>The networks of a write.</summary>
internal sealed class NetworkWrite(ResourceWrite write, NetworkKind kind) : KindWrite<Network, NetworkSpec>(write, kind)
{
    private readonly HashSet<string> _vms = [];
    private readonly HashSet<Guid> _formerRouters = [];
    private readonly Dictionary<Guid, WriteItem<Network, NetworkSpec>> _withNewSubnet = [];
    private readonly Dictionary<Guid, WriteItem<Network, NetworkSpec>> _withNewMtu = [];

    /// <summary>Stored networks that get a subnet and had none, by id: their ports need addresses.</summary>
    public IReadOnlyDictionary<Guid, WriteItem<Network, NetworkSpec>> WithNewSubnet => _withNewSubnet;

    /// <summary>Stored networks that get another MTU, by id.</summary>
    public IReadOnlyDictionary<Guid, WriteItem<Network, NetworkSpec>> WithNewMtu => _withNewMtu;

    /// <summary>Ids of the stored networks whose spec changes.</summary>
    public Guid[] Changed => [.. Changing.Where(item => !item.IsNew).Select(item => Target(item).Id)];

    /// <summary>A resource of the write refers to the network of this VM.</summary>
    public void NeedOfVm(string vm) => _vms.Add(vm);

    /// <summary>Returns the locked network, or locks it.</summary>
    public async Task<Network> ReadAsync(Guid id, CancellationToken cancellationToken)
    {
        if (ById(id) is { } known)
        {
            return known;
        }

        // The VM changed its network between the two locks. This lock after that of the VM can cause a deadlock with a writer of the
        // network; the transaction is then repeated.
        var rows = await Db.SelectAsync<Network>("WHERE id = @id FOR KEY SHARE", cancellationToken, ("id", id));
        Keep(rows);
        return rows.Single();
    }

    /// <summary>Returns the networks with these ids, which the write has locked or created.</summary>
    public List<Network> Known(IEnumerable<Guid> ids) => [.. ids.Distinct().Select(ById).OfType<Network>()];

    protected override IEnumerable<Reference> References(WriteItem<Network, NetworkSpec> item) =>
        item.Spec.Router is { } router ? [new("router", router, "#/spec/router")] : [];

    // A write of a port in the network holds FOR KEY SHARE on it, and a change of the network FOR UPDATE: subnet and gateway cannot change
    // meanwhile.
    protected override LockedIds? AlsoLocked() =>
        _vms.Count == 0
            ? null
            : new("SELECT network_id FROM vms WHERE name = ANY(@also) AND deleting_since IS NULL", _vms.ToArray(), ForWrite: false);

    protected override Network Create(WriteItem<Network, NetworkSpec> item) =>
        new()
        {
            Name = item.Path.Name,
            Spec = item.Submission.Sent.SpecText,
            SwitchName = "",
            SwitchUuid = item.Submission.Adopts?.Row ?? Guid.NewGuid(),
            DhcpUuid = item.Submission.Adopts?.Dhcp ?? Guid.NewGuid(),
        };

    protected override async Task ApplyAsync(CancellationToken cancellationToken)
    {
        foreach (var item in Changing)
        {
            if (Apply(item, Target(item)) is { } problem)
            {
                item.Fail(problem);
            }
        }

        await CheckOverlapsAsync(cancellationToken);
    }

    protected override IReadOnlyList<Claim> Claims(WriteItem<Network, NetworkSpec> item)
    {
        // The NB does not require unique names of logical switches, so the names of our own switches are claimed here.
        var network = Target(item);
        List<Claim> claims = network.SwitchExisting
            ? []
            : [new(NameScope.Switch, "switch", network.SwitchName, null, null, network.SwitchName)];
        if (item.Find<Router>() is { } router)
        {
            // Both names are composed, so the names of two pairs can be equal: "a-b" and "c", "a" and "b-c".
            var former = item.Predecessor?.RouterId == router.Id ? item.Predecessor : null;
            var (ofSwitch, ofRouter) = ($"{network.Name}-{router.Name}", $"{router.Name}-{network.Name}");
            claims.Add(new(NameScope.Port, "router", null, network.SwitchRouterPortName, former?.SwitchRouterPortName, ofSwitch));
            claims.Add(new(NameScope.Port, "router", null, network.RouterPortName, former?.RouterPortName, ofRouter));
        }

        return claims;
    }

    protected override void SetNames(WriteItem<Network, NetworkSpec> item, IReadOnlyList<string> names)
    {
        var target = Target(item);
        if (target.RouterId is not null)
        {
            (target.SwitchRouterPortName, target.RouterPortName) = (names[^2], names[^1]);
        }
    }

    protected override Task AllocateAsync(CancellationToken cancellationToken) => CheckAddressesAsync(cancellationToken);

    public override async Task StoreAsync(CancellationToken cancellationToken)
    {
        await base.StoreAsync(cancellationToken);
        if (Changing.Any())
        {
            await Write.Rows.FlushAsync(cancellationToken);
            await AddressDraw.ResetAsync(Db, [.. Changing.Select(Target)], cancellationToken);
            await AddressDraw.KeepAllowedAsync(Db, [.. Changing.Where(item => !item.IsNew).Select(Target)], cancellationToken);
        }
    }

    public override async Task FollowAsync(CancellationToken cancellationToken)
    {
        if (!Changing.Any())
        {
            return;
        }

        await Db.MarkRoutersAsync(_formerRouters.ToArray(), cancellationToken);
        await Db.MarkNetworksAsync([.. Changing.Select(item => Target(item).Id)], cancellationToken);
        if (Changed is { Length: > 0 } changed)
        {
            await UpdateAddressingAsync(cancellationToken);
            foreach (var vm in await VmsIn(changed).ToListAsync(cancellationToken))
            {
                Write.RefreshVm(vm);
            }
        }
    }

    private Problem? Apply(WriteItem<Network, NetworkSpec> item, Network target)
    {
        var spec = item.Spec;
        var isExisting = spec.Switch?.Existing ?? false;
        var switchName = spec.Switch?.Name ?? target.Name;
        if (!item.IsNew && (target.SwitchName != switchName || target.SwitchExisting != isExisting))
        {
            return Problem.Immutable("#/spec/switch", "The logical switch of a network cannot be changed.");
        }

        if (NetworkRules.Check(spec, isExisting) is { Count: > 0 } errors)
        {
            return Problem.ValidationFailed(errors);
        }

        var router = item.Find<Router>()?.Id;
        if (target.RouterId is { } former && former != router)
        {
            _formerRouters.Add(former);
            (target.SwitchRouterPortName, target.RouterPortName) = (null, null); // the names contain that of the router
        }

        if (!item.IsNew && target.Subnet is null && spec.Subnet is not null)
        {
            _withNewSubnet.Add(target.Id, item);
        }

        (target.SwitchName, target.SwitchExisting, target.RouterId, target.Subnet) = (switchName, isExisting, router, spec.Subnet);
        ApplyOptions(item, target);
        return null;
    }

    private void ApplyOptions(WriteItem<Network, NetworkSpec> item, Network target)
    {
        var (spec, mtu) = (item.Spec, target.Mtu);
        NetworkRules.ApplyOptions(target, spec);
        if (!item.IsNew && target.Mtu != mtu)
        {
            _withNewMtu.Add(target.Id, item);
        }

        target.Gateway = NetworkRules.Gateway(spec);
        var needsGatewayMac = target.RouterId is not null || (target.DhcpEnabled && !target.SwitchExisting);
        target.GatewayMac = spec.GatewayMac
            ?? target.GatewayMac
            ?? item.Predecessor?.GatewayMac
            ?? (needsGatewayMac ? Write.MacPrefix.Random() : null);
    }

    /// <summary>Checks the new subnet, gateway and MAC address of the gateway against the addresses of ports that do not change.</summary>
    private async Task CheckAddressesAsync(CancellationToken cancellationToken)
    {
        if (Changed is not { Length: > 0 } changed)
        {
            return;
        }

        var used = await Db
            .Addresses.AsNoTracking()
            .Where(a => changed.Contains(a.NetworkId) && a.OwnerId != null)
            .ToListAsync(cancellationToken);
        var ofNetwork = used.Where(a => a.OwnerId is { } owner && !Write.IsChanging(owner)).ToLookup(a => a.NetworkId);
        foreach (var item in Changing.Where(item => !item.IsNew))
        {
            if (CheckAddresses(Target(item), [.. ofNetwork[Target(item).Id]]) is { } problem)
            {
                item.Fail(problem);
            }
        }
    }

    private static Problem? CheckAddresses(Network target, List<Address> used)
    {
        if (used.Find(a => a.Ip is { } ip && (target.Subnet is not { } subnet || !subnet.IsHost(ip))) is { } outside)
        {
            return Problem.Immutable("#/spec/subnet", $"A port of the network has the address {outside.Ip}, which must be in the subnet.");
        }

        if (target.Gateway is { } gateway && used.Exists(a => a.Ip == gateway))
        {
            return Problem.AddressTaken("#/spec/gateway", $"A port of the network has the address {gateway}.");
        }

        return target.GatewayMac is { } mac && used.Exists(a => a.Mac == mac)
            ? Problem.AddressTaken("#/spec/gatewayMac", $"A port of the network has the address {mac}.")
            : null;
    }

    /// <summary>Subnets of one router must not overlap, because its routes to them would be ambiguous.</summary>
    private async Task CheckOverlapsAsync(CancellationToken cancellationToken)
    {
        var routed = Changing.Where(item => Target(item) is { RouterId: not null, Subnet: not null }).ToList();
        if (routed.Count == 0)
        {
            return;
        }

        var ids = routed.Select(item => Target(item).Id).ToArray();
        var routers = routed.Select(item => Target(item).RouterId).Distinct().ToArray();
        var others = await Db
            .Networks.AsNoTracking()
            .Where(n => routers.Contains(n.RouterId) && !ids.Contains(n.Id) && n.DeletingSince == null)
            .OrderBy(n => n.Name)
            .ToListAsync(cancellationToken);
        foreach (var item in routed)
        {
            var network = Target(item);
            if (others.Find(other => other.RouterId == network.RouterId && Overlap(other, network)) is { } overlapping)
            {
                item.Fail(
                    Problem.AddressTaken(
                        "#/spec/subnet",
                        $"{network.Subnet} overlaps {overlapping.Subnet} of network {overlapping.Name}, which is also connected to router "
                            + $"{item.The<Router>().Name}."
                    )
                );
            }

            others.Add(network);
        }
    }

    private static bool Overlap(Network a, Network b) => a.Subnet is { } one && b.Subnet is { } other && one.Overlaps(other);

    /// <summary>Changes the addressing of the ports that do not request one in their spec.</summary>
    private async Task UpdateAddressingAsync(CancellationToken cancellationToken)
    {
        var networks = Changing.Where(item => !item.IsNew).Select(Target).ToList();
        await Db.ExecuteAsync(
            """
            UPDATE vms p SET addressing = n.addressing FROM unnest(@networks, @addressings) AS n (id, addressing)
                WHERE p.network_id = n.id AND p.spec ->> 'addressing' IS NULL;
            UPDATE containers p SET addressing = n.addressing FROM unnest(@networks, @addressings) AS n (id, addressing)
                WHERE p.network_id = n.id AND p.spec ->> 'addressing' IS NULL
            """,
            cancellationToken,
            ("networks", networks.Select(network => network.Id).ToArray()),
            ("addressings", networks.Select(network => NetworkRules.DefaultAddressing(network).ToString()).ToArray())
        );
    }

    /// <summary>Returns the VMs that have a port in one of the networks, or a container with a port in it.</summary>
    private IQueryable<Guid> VmsIn(Guid[] networks) =>
        Db
            .Vms.Where(vm => networks.Contains(vm.NetworkId))
            .Select(vm => vm.Id)
            .Union(Db.Containers.Where(c => networks.Contains(c.NetworkId)).Select(c => c.VmId));
}
