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

/// <summary>Creates or changes a VM.</summary>
internal sealed class VmWrite(NestDb db, string name) : ResourceWrite<Vm, VmSpec>(db, "vm", name)
{
    private const int MaxNamedTags = 10;

    private Network? _network;
    private Host? _host;
    private bool _hasMovedNetwork;
    private bool _hasNewPortName;

    protected override string Noun => "VM";

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
        var network = _network ?? throw new InvalidOperationException("The network is not locked.");
        var present = target.Bridge.Length > 0 ? target : null;
        if (CheckUplink(spec) is { } invalid)
        {
            return invalid;
        }

        var claims = PortRules.Claims(spec, present, predecessor, Name, $"{network.Name}-{Name}");
        claims.Add(new(NameScope.Device, "bridge", spec.Bridge, present?.Bridge, predecessor?.Bridge, $"br-{Name}"));
        var claimed = await NameClaims.TakeAsync(Db, target.Id, predecessor?.Id, claims, cancellationToken);
        if (!claimed.TryGet(out var names, out var problem))
        {
            return problem;
        }

        var ranges = VlanRanges.Parse(spec.VlanRanges ?? Vm.DefaultVlanRanges);
        if (present is not null && await CheckRangesAsync(present, ranges, cancellationToken) is { } tagsInUse)
        {
            return tagsInUse;
        }

        _hasMovedNetwork = present is not null && present.NetworkId != network.Id;
        _hasNewPortName = present is not null && present.PortName != names[0];
        PortRules.Apply(target, spec, network, names, present is not null);
        ApplyOwnFields(target, spec, names[3], ranges);
        return await AddressBook.AssignAsync(
            Db,
            target,
            network,
            PortRules.Request(spec),
            predecessor,
            mayRemember: true,
            cancellationToken
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

            if (_hasNewPortName)
            {
                // The parent of an NB row cannot be changed, so the containers get new rows.
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

    private static Problem? CheckUplink(VmSpec spec)
    {
        var isInterface = spec.Uplink?.Kind == UplinkKind.Interface;
        var error = spec.Uplink?.Interface switch
        {
            null => isInterface ? "is required for kind interface" : null,
            _ when !isInterface => "is allowed only for kind interface",
            var uplink when NameClaims.IsReservedDevice(uplink) =>
                $"{uplink} is a reserved device name; use the interface that connects the VM to the outside, such as eth1",
            var uplink when uplink == spec.Bridge || uplink == spec.Interface =>
                $"{uplink} is a device of this VM; use the interface that connects the VM to the outside, such as eth1",
            _ => null,
        };
        return error is null ? null : Problem.ValidationFailed("#/spec/uplink/interface", error);
    }

    private void ApplyOwnFields(Vm target, VmSpec spec, string bridge, VlanRanges ranges)
    {
        target.Bridge = bridge;
        target.HostId = _host?.Id;
        target.NextTag = target.VlanRanges == ranges.ToString() ? target.NextTag : 0;
        target.VlanRanges = ranges.ToString();
        target.UplinkInterface = spec.Uplink?.Interface;
    }

    /// <summary>
    /// Checks that the new ranges contain every tag of the present ranges that is bound or reserved, or will be after its cool-down. A tag
    /// that was requested outside of the present ranges stays valid.
    /// </summary>
    private async Task<Problem?> CheckRangesAsync(Vm vm, VlanRanges ranges, CancellationToken cancellationToken)
    {
        if (ranges.ToString() == vm.VlanRanges)
        {
            return null;
        }

        var present = VlanRanges.Parse(vm.VlanRanges);
        var used = await Expiry
            .Leases(Db)
            .Where(l =>
                l.VmId == vm.Id
                && (l.State == LeaseState.Reserved || l.State == LeaseState.Bound || l.Owner != null || l.SuccessorId != null)
            )
            .OrderBy(l => l.Tag)
            .Select(l => new UsedTag(l.Tag, l.ContainerName, l.Owner))
            .ToListAsync(cancellationToken);
        var excluded = used.FindAll(one => present.Contains(one.Tag) && !ranges.Contains(one.Tag));
        return excluded.Count == 0
            ? null
            : Problem.Immutable("#/spec/vlanRanges", $"The ranges do not contain tags that are in use: {ListOf(excluded)}.");
    }

    private static string ListOf(List<UsedTag> tags)
    {
        var named = string.Join(", ", tags.Take(MaxNamedTags).Select(one => $"{one.Tag} ({one.User})"));
        return tags.Count > MaxNamedTags ? $"{named} and {tags.Count - MaxNamedTags} more" : named;
    }

    /// <summary>Moves the containers without a network in their spec to the new network of the VM.</summary>
    private async Task<Problem?> MoveContainersAsync(Vm vm, CancellationToken cancellationToken)
    {
        var network = _network ?? throw new InvalidOperationException("The network is not locked.");
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
            var request = new AddressRequest(spec.Ip, spec.Mac);
            if (await AddressBook.AssignAsync(Db, container, network, request, null, mayRemember: true, cancellationToken) is { } problem)
            {
                return problem with
                {
                    Detail = $"Container {container.Name} cannot move to network {network.Name} with its VM: {problem.Detail}",
                    Errors = [new("#/spec/network", problem.Detail)],
                };
            }
        }

        await Db.SaveChangesAsync(cancellationToken);
        return null;
    }

    private sealed record UsedTag(int Tag, string? ContainerName, string? Owner)
    {
        public string User => ContainerName is null ? $"reserved for {Owner}" : $"container {ContainerName}";
    }
}
