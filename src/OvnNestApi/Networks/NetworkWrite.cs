using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>The rules of writing a network.</summary>
internal sealed class NetworkWrite(NestDb db, string name) : ResourceWrite<Network, NetworkSpec>(db, "network", name)
{
    private Router? _router;
    private Guid? _formerRouter;
    private bool _isStored;
    private bool _hadSubnet;

    protected override async Task<Problem?> LockParentsAsync(NetworkSpec spec, CancellationToken cancellationToken)
    {
        // One at a time: two networks that join a router at once might overlap.
        _router = null;
        if (spec.Router is null)
        {
            return null;
        }

        var router = await References.LockAsync(
            Db.Routers.FromSql($"SELECT * FROM routers WHERE name = {spec.Router} ORDER BY created_at DESC FOR NO KEY UPDATE"),
            "router",
            spec.Router,
            "#/spec/router",
            cancellationToken
        );
        return router.TryGet(out _router, out var problem) ? null : problem;
    }

    // FOR UPDATE: whoever places a port in the network shares a key lock on it, so that its subnet and gateway stand still meanwhile.
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
        _isStored = target.SwitchName.Length > 0;
        (_formerRouter, _hadSubnet) = (target.RouterId, target.Subnet is not null);
        var isExisting = spec.Switch?.Existing ?? false;
        var switchName = spec.Switch?.Name ?? Name;
        if (_isStored && (target.SwitchName != switchName || target.SwitchExisting != isExisting))
        {
            return Problem.Immutable("#/spec/switch", "The logical switch of a network cannot be changed.");
        }

        if (NetworkRules.Check(spec, isExisting) is { Count: > 0 } errors)
        {
            return Problem.ValidationFailed(errors);
        }

        (target.SwitchName, target.SwitchExisting) = (switchName, isExisting);
        target.RouterId = _router?.Id;
        target.Gateway = NetworkRules.Gateway(spec);
        NetworkRules.ApplyDhcp(target, spec);

        var needsGatewayMac = target.RouterId is not null || (target.DhcpEnabled && !isExisting);
        target.GatewayMac = spec.GatewayMac
            ?? target.GatewayMac
            ?? predecessor?.GatewayMac
            ?? (needsGatewayMac ? MacAddress.Random() : null);
        if (_isStored && await CheckAddressesAsync(target, spec, cancellationToken) is { } inUse)
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
        if (!_hadSubnet && target.Subnet is not null && await GiveAddressesAsync(target, cancellationToken) is { } problem)
        {
            return problem;
        }

        // Ports that did not ask for a way of addressing follow the network's.
        var addressing = (int)NetworkRules.Addressing(target);
        await Db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vms SET addressing = {addressing} WHERE network_id = {target.Id} AND spec ->> 'addressing' IS NULL;
            UPDATE containers SET addressing = {addressing} WHERE network_id = {target.Id} AND spec ->> 'addressing' IS NULL
            """,
            cancellationToken
        );
        foreach (var vm in await VmsIn(target.Id).ToListAsync(cancellationToken))
        {
            await PlacementWriter.RefreshAsync(Db, vm, cancellationToken);
        }

        return null;
    }

    private IQueryable<Guid> VmsIn(Guid network) =>
        Db
            .Vms.Where(vm => vm.NetworkId == network)
            .Select(vm => vm.Id)
            .Union(Db.Containers.Where(c => c.NetworkId == network).Select(c => c.VmId))
            .OrderBy(id => id);

    private async Task<Problem?> CheckAddressesAsync(Network target, NetworkSpec spec, CancellationToken cancellationToken)
    {
        var used = await Db
            .Addresses.AsNoTracking()
            .Where(a => a.NetworkId == target.Id && a.FreedAt == null)
            .Select(a => new { a.Ip, a.Mac })
            .ToListAsync(cancellationToken);
        if (used.Find(a => a.Ip is { } ip && (spec.Subnet is not { } subnet || !subnet.IsHost(ip))) is { } left)
        {
            return Problem.Immutable("#/spec/subnet", $"The subnet would leave out {left.Ip}, which is in use.");
        }

        if (target.Gateway is { } gateway && used.Exists(a => a.Ip == gateway))
        {
            return Problem.AddressTaken("#/spec/gateway", $"A port of the network has the address {gateway}.");
        }

        return target.GatewayMac is { } mac && used.Exists(a => a.Mac == mac)
            ? Problem.AddressTaken("#/spec/gatewayMac", $"A port of the network has the address {mac}.")
            : null;
    }

    /// <summary>A router would not know where to send what is for both.</summary>
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
        return others.Find(other => other.Subnet?.Overlaps(subnet) is true) is { } same
            ? Problem.AddressTaken(
                "#/spec/subnet",
                $"{subnet} overlaps {same.Subnet} of network {same.Name}, which joins router {router.Name} too."
            )
            : null;
    }

    /// <summary>The network has got a subnet: its ports get addresses.</summary>
    private async Task<Problem?> GiveAddressesAsync(Network network, CancellationToken cancellationToken)
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
            if (
                await AddressBook.AssignAsync(Db, port, network, null, port.Mac, null, cancellationToken, pointers: pointers) is { } problem
            )
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
        // The NB keeps names of switches no more unique than those of routers: our own switches are unique here.
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
