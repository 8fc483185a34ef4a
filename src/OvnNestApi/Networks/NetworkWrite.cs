using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>Creates or changes a network.</summary>
internal sealed class NetworkWrite(NestDb db, string name) : ResourceWrite<Network, NetworkSpec>(db, "network", name)
{
    private Router? _router;
    private Guid? _formerRouter;
    private bool _hadSubnet;

    protected override async Task<Problem?> LockParentsAsync(NetworkSpec spec, CancellationToken cancellationToken)
    {
        _router = null;
        if (spec.Router is null)
        {
            return null;
        }

        // The lock also serializes the checks for overlapping subnets.
        var router = await References.LockAsync(
            Db.Routers.FromSql($"SELECT * FROM routers WHERE name = {spec.Router} ORDER BY created_at DESC FOR NO KEY UPDATE"),
            "router",
            spec.Router,
            "#/spec/router",
            cancellationToken
        );
        return router.TryGet(out _router, out var problem) ? null : problem;
    }

    // FOR UPDATE, because a write of a port in the network holds FOR KEY SHARE on it: subnet and gateway cannot change meanwhile.
    protected override IQueryable<Network> LockIncarnations() =>
        Db.Networks.FromSql($"SELECT * FROM networks WHERE name = {Name} ORDER BY created_at DESC FOR UPDATE");

    protected override Network Create(SubmittedResource<NetworkSpec> sent) =>
        new()
        {
            Name = Name,
            Spec = sent.SpecText,
            SwitchName = "",
            CreatedAt = Now,
            UpdatedAt = Now,
        };

    protected override async Task<Problem?> ApplyAsync(
        Network target,
        NetworkSpec spec,
        Network? predecessor,
        CancellationToken cancellationToken
    )
    {
        var isStored = target.SwitchName.Length > 0;
        (_formerRouter, _hadSubnet) = (target.RouterId, target.Subnet is not null);
        var isExisting = spec.Switch?.Existing ?? false;
        var switchName = spec.Switch?.Name ?? Name;
        if (isStored && (target.SwitchName != switchName || target.SwitchExisting != isExisting))
        {
            return Problem.Immutable("#/spec/switch", "The logical switch of a network cannot be changed.");
        }

        if (NetworkRules.Check(spec, isExisting) is { Count: > 0 } errors)
        {
            return Problem.ValidationFailed(errors);
        }

        (target.SwitchName, target.SwitchExisting) = (switchName, isExisting);
        ApplySpec(target, spec, predecessor);
        if (isStored && await CheckAddressesAsync(target, spec, cancellationToken) is { } inUse)
        {
            return inUse;
        }

        target.Subnet = spec.Subnet;
        if (await CheckOverlapAsync(target, cancellationToken) is { } overlap)
        {
            return overlap;
        }

        return await ClaimNamesAsync(target, spec, predecessor, cancellationToken);
    }

    protected override async Task<Problem?> FollowAsync(Network target, CancellationToken cancellationToken)
    {
        if (_formerRouter is { } former && former != target.RouterId)
        {
            await Db.Database.ExecuteSqlAsync(
                $"UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = {former}",
                cancellationToken
            );
        }

        await Db.MarkNetworkAsync(target.Id, cancellationToken);
        if (IsNew)
        {
            return null;
        }

        await AddressDraw.ResetAsync(Db, target.Id, AddressPool.Of(target), cancellationToken);
        if (!_hadSubnet && target.Subnet is not null && await AssignAddressesAsync(target, cancellationToken) is { } problem)
        {
            return problem;
        }

        await UpdateAddressingAsync(target, cancellationToken);
        foreach (var vm in await VmsIn(target.Id).ToListAsync(cancellationToken))
        {
            await PlacementWriter.RefreshAsync(Db, vm, cancellationToken);
        }

        return null;
    }

    private void ApplySpec(Network target, NetworkSpec spec, Network? predecessor)
    {
        target.RouterId = _router?.Id;
        target.Gateway = NetworkRules.Gateway(spec);
        NetworkRules.ApplyOptions(target, spec);

        var needsGatewayMac = target.RouterId is not null || (target.DhcpEnabled && !target.SwitchExisting);
        target.GatewayMac = spec.GatewayMac
            ?? target.GatewayMac
            ?? predecessor?.GatewayMac
            ?? (needsGatewayMac ? MacAddress.Random() : null);
    }

    /// <summary>Changes the addressing of the ports that do not request one in their spec.</summary>
    private async Task UpdateAddressingAsync(Network network, CancellationToken cancellationToken)
    {
        var addressing = (int)NetworkRules.DefaultAddressing(network);
        await Db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vms SET addressing = {addressing} WHERE network_id = {network.Id} AND spec ->> 'addressing' IS NULL;
            UPDATE containers SET addressing = {addressing} WHERE network_id = {network.Id} AND spec ->> 'addressing' IS NULL
            """,
            cancellationToken
        );
    }

    /// <summary>Returns the VMs that have a port in the network, or a container with a port in it. Ordered by id, as for locks.</summary>
    private IQueryable<Guid> VmsIn(Guid network) =>
        Db
            .Vms.Where(vm => vm.NetworkId == network)
            .Select(vm => vm.Id)
            .Union(Db.Containers.Where(c => c.NetworkId == network).Select(c => c.VmId))
            .OrderBy(id => id);

    /// <summary>Checks the new subnet, gateway and MAC address of the gateway against the addresses of the network's ports.</summary>
    private async Task<Problem?> CheckAddressesAsync(Network target, NetworkSpec spec, CancellationToken cancellationToken)
    {
        var used = await Db
            .Addresses.AsNoTracking()
            .Where(a => a.NetworkId == target.Id && a.FreedAt == null)
            .Select(a => new { a.Ip, a.Mac })
            .ToListAsync(cancellationToken);
        if (used.Find(a => a.Ip is { } ip && (spec.Subnet is not { } subnet || !subnet.IsHost(ip))) is { } outside)
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
    private async Task<Problem?> CheckOverlapAsync(Network target, CancellationToken cancellationToken)
    {
        if (_router is not { } router || target.Subnet is not { } subnet)
        {
            return null;
        }

        var others = await Db
            .Networks.AsNoTracking()
            .Where(n => n.RouterId == router.Id && n.Id != target.Id && n.DeletingSince == null)
            .OrderBy(n => n.Name)
            .Select(n => new { n.Name, n.Subnet })
            .ToListAsync(cancellationToken);
        return others.Find(other => other.Subnet?.Overlaps(subnet) is true) is { } overlapping
            ? Problem.AddressTaken(
                "#/spec/subnet",
                $"{subnet} overlaps {overlapping.Subnet} of network {overlapping.Name}, which is also connected to router {router.Name}."
            )
            : null;
    }

    /// <summary>Assigns addresses to all ports of a network that did not have a subnet before.</summary>
    private async Task<Problem?> AssignAddressesAsync(Network network, CancellationToken cancellationToken)
    {
        List<LogicalPort> ports =
        [
            .. await Db
                .Vms.Where(vm => vm.NetworkId == network.Id && vm.DeletingSince == null)
                .OrderBy(vm => vm.Id)
                .ToListAsync(cancellationToken),
            .. await Db
                .Containers.Where(c => c.NetworkId == network.Id && c.DeletingSince == null)
                .OrderBy(c => c.Id)
                .ToListAsync(cancellationToken),
        ];
        var pointers = new AddressPointers("#/spec/subnet", "#/spec/gatewayMac");
        foreach (var port in ports)
        {
            var request = new AddressRequest(null, port.Mac, pointers);
            if (await AddressBook.AssignAsync(Db, port, network, request, null, mayRemember: true, cancellationToken) is { } problem)
            {
                return problem;
            }
        }

        await Db.SaveChangesAsync(cancellationToken);
        return null;
    }

    private async Task<Problem?> ClaimNamesAsync(
        Network target,
        NetworkSpec spec,
        Network? predecessor,
        CancellationToken cancellationToken
    )
    {
        // The NB does not require unique names of logical switches, so the names of our own switches are claimed here.
        List<Claim> claims = target.SwitchExisting
            ? []
            : [new(NameScope.Switch, "switch", target.SwitchName, null, null, target.SwitchName)];
        if (_router is not null)
        {
            var port = $"{Name}-{_router.Name}";
            claims.Add(new(NameScope.Port, "router", port, null, null, port));
        }

        var claimed = await NameClaims.TakeAsync(Db, target.Id, predecessor?.Id, claims, cancellationToken);
        return claimed.TryGet(out _, out var problem) ? null : problem;
    }
}
