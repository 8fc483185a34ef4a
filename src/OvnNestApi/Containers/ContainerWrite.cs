using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Placements;
using OvnNestApi.Ports;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Containers;

/// <summary>The rules of writing a container.</summary>
internal sealed class ContainerWrite(NestDb db, string vmName, string name) : ResourceWrite<Container, ContainerSpec>(db, "container", name)
{
    private Guid[] _incarnations = [];

    /// <summary>The container's network, locked.</summary>
    public Network? Network { get; private set; }

    /// <summary>The container's VM, locked.</summary>
    public Vm? Vm { get; private set; }

    protected override string VmName => vmName;

    protected override async Task<Problem?> LockParentsAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        // The network first, as every writer does; if it is the VM's, it is found by the VM, which is locked only then.
        Problem? missing = null;
        if (spec.Network is not null)
        {
            var answer = await References.LockAsync(
                Db.Networks.FromSql($"SELECT * FROM networks WHERE name = {spec.Network} ORDER BY created_at DESC FOR KEY SHARE"),
                "network",
                spec.Network,
                "#/spec/network",
                cancellationToken
            );
            Network = answer.TryGet(out var found, out missing) ? found : null;
        }
        else
        {
            Network = (
                await Db
                    .Networks.FromSql(
                        $"""
                        SELECT n.* FROM vms v JOIN networks n ON n.id = v.network_id WHERE v.name = {vmName} AND v.deleting_since IS NULL
                        FOR KEY SHARE OF n
                        """
                    )
                    .ToListAsync(cancellationToken)
            ).FirstOrDefault();
        }

        var vms = await Db
            .Vms.FromSql($"SELECT * FROM vms WHERE name = {vmName} ORDER BY created_at DESC FOR NO KEY UPDATE")
            .ToListAsync(cancellationToken);
        _incarnations = [.. vms.Select(vm => vm.Id)];
        Vm = vms.Find(vm => vm.DeletingSince is null);
        if (Vm is null)
        {
            return vms.Count > 0 ? Problem.BeingDeleted($"The vm {vmName} is being deleted.") : Problem.NotFound("vm", vmName);
        }

        if (spec.Network is null && Network?.Id != Vm.NetworkId)
        {
            // The VM changed its network between the two locks. A deadlock with a writer of this one runs all of it again.
            Network = (
                await Db.Networks.FromSql($"SELECT * FROM networks WHERE id = {Vm.NetworkId} FOR KEY SHARE").ToListAsync(cancellationToken)
            ).Single();
        }

        return missing;
    }

    // Also those in a former incarnation of the VM: what they had passes on. Said in two halves, for each of which there is an index.
    protected override IQueryable<Container> LockIncarnations() =>
        Db.Containers.FromSql(
            $"""
            SELECT * FROM containers
            WHERE (vm_id = ANY({_incarnations}) AND name = {Name} AND deleting_since IS NULL) OR (vm_id = ANY({_incarnations})
                AND name = {Name} AND deleting_since IS NOT NULL)
            ORDER BY created_at DESC FOR NO KEY UPDATE
            """
        );

    protected override Container Create(SubmittedResource<ContainerSpec> sent) =>
        new()
        {
            Name = Name,
            VmId = Vm?.Id ?? default,
            Spec = sent.SpecText,
            NetworkId = Guid.Empty,
            Tag = 0,
            Mac = default,
            PortName = "",
            Interface = "",
            Namespace = "",
            CreatedAt = Now,
            UpdatedAt = Now,
        };

    protected override async Task<Problem?> ApplyAsync(
        Container target,
        ContainerSpec spec,
        Container? predecessor,
        CancellationToken cancellationToken
    )
    {
        if (Network is not { } network || Vm is not { } vm)
        {
            throw new InvalidOperationException("VM and network are locked first.");
        }

        var present = target.Tag > 0 ? target : null;
        var claimed = await NameClaims.TakeAsync(
            Db,
            target.Id,
            predecessor?.Id,
            PortRules.Claims(spec, present, predecessor, Name, $"{network.Name}-{vmName}-{Name}"),
            cancellationToken
        );
        if (!claimed.TryGet(out var names, out var problem))
        {
            return problem;
        }

        PortRules.Apply(target, spec, network, names, present is not null);

        // The usual case: no lease of the VM has to do with the name, so none remembers an address of it either. Tags are a VM's own: what
        // the name had
        // in a former VM it has again while that is free in this one and fits its ranges.
        var hadElsewhere = predecessor is not null && predecessor.VmId != vm.Id;
        var tag = spec.Vlan ?? (hadElsewhere && VlanRanges.Parse(vm.VlanRanges).Contains(predecessor!.Tag) ? predecessor.Tag : null);
        var isNewName =
            present is null
            && (predecessor is null || hadElsewhere)
            && spec.Lease is null
            && await Leases.TryBindNewAsync(Db, vm, target, tag, cancellationToken);
        return await AddressBook.AssignAsync(
            Db,
            target,
            network,
            spec.Ip,
            spec.Mac,
            predecessor,
            cancellationToken,
            mayRemember: !isNewName,
            PortRules.AddressPointers
        )
            ?? (
                isNewName
                    ? null
                    : await Leases.BindAsync(
                        Db,
                        vm,
                        target,
                        spec.Vlan,
                        spec.Lease,
                        mayKeep: true,
                        cancellationToken,
                        new TagPointers("#/spec/vlan", "#/spec/lease")
                    )
            );
    }

    protected override async Task<Problem?> FollowAsync(Container target, CancellationToken cancellationToken)
    {
        if (IsNew && Vm?.HostId is null)
        {
            return null; // No host has it, and none had.
        }

        await PlacementWriter.RefreshAsync(Db, target.VmId, [target.Id], cancellationToken);
        return null;
    }
}
