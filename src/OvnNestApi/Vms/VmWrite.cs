using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Containers;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Ports;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>The rules of writing a VM.</summary>
internal sealed class VmWrite(NestDb db, string name) : ResourceWrite<Vm, VmSpec>(db, "vm", name)
{
    private const int MostNamed = 10;
    private Network? _network;
    private Host? _host;
    private bool _hasMovedNetwork;
    private bool _hasNewPort;

    protected override async Task<Problem?> LockParentsAsync(VmSpec spec, CancellationToken cancellationToken)
    {
        var network = await References.LockAsync(
            Db.Networks.FromSql($"SELECT * FROM networks WHERE name = {spec.Network} ORDER BY created_at DESC FOR KEY SHARE"),
            "network",
            spec.Network ?? "",
            "#/spec/network",
            cancellationToken
        );
        _host = null;
        if (!network.TryGet(out _network, out var problem))
        {
            return problem;
        }

        if (spec.Host is not null)
        {
            var host = await References.LockAsync(
                Db.Hosts.FromSql($"SELECT * FROM hosts WHERE name = {spec.Host} ORDER BY created_at DESC FOR KEY SHARE"),
                "host",
                spec.Host,
                "#/spec/host",
                cancellationToken
            );
            return host.TryGet(out _host, out problem) ? null : problem;
        }

        return null;
    }

    protected override IQueryable<Vm> LockIncarnations() =>
        Db.Vms.FromSql($"SELECT * FROM vms WHERE name = {Name} ORDER BY created_at DESC FOR NO KEY UPDATE");

    protected override Vm Create(SubmittedResource<VmSpec> sent) =>
        new()
        {
            Name = Name,
            Spec = sent.SpecText,
            NetworkId = Guid.Empty,
            Mac = default,
            PortName = "",
            Interface = "",
            Namespace = "",
            Bridge = "",
            CreatedAt = Now,
            UpdatedAt = Now,
        };

    protected override async Task<Problem?> ApplyAsync(Vm target, VmSpec spec, Vm? predecessor, CancellationToken cancellationToken)
    {
        var network = _network ?? throw new InvalidOperationException("The network is locked first.");
        var present = target.Bridge.Length > 0 ? target : null;
        if (Check(spec) is { } wrong)
        {
            return wrong;
        }

        var claims = PortRules.Claims(spec, present, predecessor, Name, $"{network.Name}-{Name}");
        claims.Add(new(NameScope.Device, "bridge", spec.Bridge, present?.Bridge, predecessor?.Bridge, $"br-{Name}"));
        var claimed = await NameClaims.TakeAsync(Db, target.Id, predecessor?.Id, claims, cancellationToken);
        if (!claimed.TryGet(out var names, out var problem))
        {
            return problem;
        }

        var ranges = VlanRanges.Parse(spec.VlanRanges ?? Vm.DefaultVlanRanges);
        if (present is not null && await CheckHeldAsync(present, ranges, cancellationToken) is { } held)
        {
            return held;
        }

        _hasMovedNetwork = present is not null && present.NetworkId != network.Id;
        _hasNewPort = present is not null && present.PortName != names[0];
        PortRules.Apply(target, spec, network, names, present is not null);
        target.Bridge = names[3];
        target.HostId = _host?.Id;
        target.NextTag = target.VlanRanges == ranges.ToString() ? target.NextTag : 0;
        target.VlanRanges = ranges.ToString();
        target.UplinkInterface = spec.Uplink?.Interface;
        return await AddressBook.AssignAsync(
            Db,
            target,
            network,
            spec.Ip,
            spec.Mac,
            predecessor,
            cancellationToken,
            pointers: PortRules.AddressPointers
        );
    }

    protected override async Task<Problem?> FollowAsync(Vm target, CancellationToken cancellationToken)
    {
        if (!IsNew)
        {
            if (_hasMovedNetwork && await MoveContainersAsync(target, cancellationToken) is { } problem)
            {
                return problem;
            }

            if (_hasNewPort)
            {
                // A row's parent cannot change in place: the children become other rows.
                await Db.Database.ExecuteSqlAsync(
                    $"UPDATE containers SET port_uuid = gen_random_uuid() WHERE vm_id = {target.Id} AND deleting_since IS NULL",
                    cancellationToken
                );
            }

            await Db.MarkVmAsync(target.Id, cancellationToken);
        }

        await PlacementWriter.RefreshAsync(Db, target.Id, cancellationToken);
        return null;
    }

    private static Problem? Check(VmSpec spec)
    {
        var (isInterface, uplink) = (spec.Uplink?.Kind == UplinkKind.Interface, spec.Uplink?.Interface);
        var wrong =
            isInterface != (uplink is not null)
                ? isInterface
                    ? "is required for kind interface"
                    : "is for kind interface only"
                : uplink is not null && (NameClaims.IsReservedDevice(uplink) || uplink == spec.Bridge || uplink == spec.Interface)
                    ? $"{uplink} is no device that leads out of the VM; eth1 might be one"
                    : null;
        return wrong is null ? null : Problem.ValidationFailed("#/spec/uplink/interface", wrong);
    }

    /// <summary>
    /// The ranges may not leave out a tag that they had and somebody has, or will have again. One that was asked for outside of them stays
    /// there.
    /// </summary>
    private async Task<Problem?> CheckHeldAsync(Vm vm, VlanRanges next, CancellationToken cancellationToken)
    {
        if (next.ToString() == vm.VlanRanges)
        {
            return null;
        }

        var present = VlanRanges.Parse(vm.VlanRanges);
        var held = await Expiry
            .Leases(Db)
            .Where(l =>
                l.VmId == vm.Id
                && (l.State == LeaseState.Reserved || l.State == LeaseState.Bound || l.Owner != null || l.SuccessorId != null)
            )
            .OrderBy(l => l.Tag)
            .Select(l => new
            {
                l.Tag,
                l.ContainerName,
                l.Owner,
            })
            .ToListAsync(cancellationToken);
        var left = held.FindAll(l => present.Contains(l.Tag) && !next.Contains(l.Tag));
        var named = string.Join(
            ", ",
            left.Take(MostNamed)
                .Select(l => $"{l.Tag} ({(l.ContainerName is null ? $"reserved for {l.Owner}" : $"container {l.ContainerName}")})")
        );
        return left.Count == 0
            ? null
            : Problem.Immutable(
                "#/spec/vlanRanges",
                $"The ranges would leave out tags that are in use: {named}{(left.Count > MostNamed ? $" and {left.Count - MostNamed} more" : "")}."
            );
    }

    /// <summary>Containers that ask for no network of their own go where the VM goes.</summary>
    private async Task<Problem?> MoveContainersAsync(Vm vm, CancellationToken cancellationToken)
    {
        var network = _network ?? throw new InvalidOperationException("The network is locked first.");
        var containers = await Db
            .Containers.FromSql(
                $"""
                SELECT * FROM containers WHERE vm_id = {vm.Id} AND deleting_since IS NULL AND spec ->> 'network' IS NULL
                    AND network_id <> {network.Id}
                ORDER BY id FOR NO KEY UPDATE
                """
            )
            .ToListAsync(cancellationToken);
        foreach (var container in containers)
        {
            var spec = JsonSerializer.Deserialize<ContainerSpec>(container.Spec, ApiJson.Options) ?? new();
            PortRules.Apply(container, spec, network, [container.PortName, container.Interface, container.Namespace], isStored: true);
            if (await AddressBook.AssignAsync(Db, container, network, spec.Ip, spec.Mac, null, cancellationToken) is { } problem)
            {
                return problem with
                {
                    Detail = $"Container {container.Name} goes to network {network.Name} with its VM: {problem.Detail}",
                    Errors = [new("#/spec/network", problem.Detail)],
                };
            }
        }

        await Db.SaveChangesAsync(cancellationToken);
        return null;
    }
}
