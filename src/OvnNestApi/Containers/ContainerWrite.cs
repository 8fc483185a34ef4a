using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Placements;
using OvnNestApi.Ports;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Containers;

/// <summary>Creates or changes a container.</summary>
internal sealed class ContainerWrite(NestDb db, string vmName, string name) : ResourceWrite<Container, ContainerSpec>(db, "container", name)
{
    private Guid[] _incarnations = [];

    /// <summary>Network of the container, locked; null before the run has locked it.</summary>
    public Network? Network { get; private set; }

    /// <summary>VM of the container, locked; null before the run has locked it.</summary>
    public Vm? Vm { get; private set; }

    protected override string VmName => vmName;

    protected override async Task<Problem?> LockParentsAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        // The lock order is network, then VM.
        Problem? networkProblem = null;
        if (spec.Network is null)
        {
            Network = await LockNetworkOfVmAsync(cancellationToken);
        }
        else
        {
            var network = await References.LockAsync(
                Db.Networks.FromSql($"SELECT * FROM networks WHERE name = {spec.Network} ORDER BY created_at DESC FOR KEY SHARE"),
                "network",
                spec.Network,
                "#/spec/network",
                cancellationToken
            );
            Network = network.TryGet(out var found, out networkProblem) ? found : null;
        }

        if (await LockVmAsync(cancellationToken) is { } vmProblem)
        {
            return vmProblem;
        }

        if (spec.Network is null && Vm is { } vm && Network?.Id != vm.NetworkId)
        {
            // The VM changed its network between the two locks. This lock after that of the VM can cause a deadlock with a writer of the
            // network; the transaction is then repeated.
            var networks = await Db
                .Networks.FromSql($"SELECT * FROM networks WHERE id = {vm.NetworkId} FOR KEY SHARE")
                .ToListAsync(cancellationToken);
            Network = networks.Single();
        }

        return networkProblem;
    }

    // Includes the containers of former incarnations of the VM, because their names, addresses and tags pass to the new container.
    // The condition has two parts because there are two partial indexes.
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
            throw new InvalidOperationException("VM and network are not locked.");
        }

        var present = target.Tag > 0 ? target : null;
        var claims = PortRules.Claims(spec, present, predecessor, Name, $"{network.Name}-{vmName}-{Name}");
        var claimed = await NameClaims.TakeAsync(Db, target.Id, predecessor?.Id, claims, cancellationToken);
        if (!claimed.TryGet(out var names, out var problem))
        {
            return problem;
        }

        PortRules.Apply(target, spec, network, names, present is not null);

        // Usually no lease of the VM belongs to the name of a new container. Then no addresses are remembered for the name either.
        var isBound = present is null && await TryBindNewAsync(vm, target, spec, predecessor, cancellationToken);
        var addressProblem = await AddressBook.AssignAsync(
            Db,
            target,
            network,
            PortRules.Request(spec),
            predecessor,
            mayRemember: !isBound,
            cancellationToken
        );
        return isBound || addressProblem is not null ? addressProblem : await BindAsync(vm, target, spec, cancellationToken);
    }

    protected override async Task<Problem?> FollowAsync(Container target, CancellationToken cancellationToken)
    {
        if (IsNew && Vm?.HostId is null)
        {
            return null; // There is no host whose work could change.
        }

        await PlacementWriter.RefreshAsync(Db, target.VmId, [target.Id], cancellationToken);
        return null;
    }

    /// <summary>Locks the network of the VM, which is not locked yet. Null if the VM does not exist.</summary>
    private async Task<Network?> LockNetworkOfVmAsync(CancellationToken cancellationToken)
    {
        var networks = await Db
            .Networks.FromSql(
                $"""
                SELECT n.* FROM vms v JOIN networks n ON n.id = v.network_id WHERE v.name = {vmName} AND v.deleting_since IS NULL
                FOR KEY SHARE OF n
                """
            )
            .ToListAsync(cancellationToken);
        return networks.FirstOrDefault();
    }

    private async Task<Problem?> LockVmAsync(CancellationToken cancellationToken)
    {
        var vms = await Db
            .Vms.FromSql($"SELECT * FROM vms WHERE name = {vmName} ORDER BY created_at DESC FOR NO KEY UPDATE")
            .ToListAsync(cancellationToken);
        _incarnations = [.. vms.Select(vm => vm.Id)];
        Vm = vms.Find(vm => vm.DeletingSince is null);
        if (Vm is not null)
        {
            return null;
        }

        return vms.Count > 0 ? Problem.BeingDeleted($"The VM {vmName} is being deleted.") : Problem.NotFound("VM", vmName);
    }

    /// <summary>Binds a tag in one statement, for a new container without a reservation.</summary>
    /// <returns>False if <see cref="BindAsync"/> must decide: a lease of the VM may belong to the name, or the tag is not free.</returns>
    private async Task<bool> TryBindNewAsync(
        Vm vm,
        Container target,
        ContainerSpec spec,
        Container? predecessor,
        CancellationToken cancellationToken
    )
    {
        if (spec.Lease is not null || predecessor?.VmId == vm.Id)
        {
            return false;
        }

        // The predecessor belongs to a former incarnation of the VM. Its tag is used again if the ranges of this VM contain it.
        var formerTag = predecessor is not null && VlanRanges.Parse(vm.VlanRanges).Contains(predecessor.Tag) ? predecessor.Tag : (int?)null;
        return await Leases.TryBindNewAsync(Db, vm, target, spec.Vlan ?? formerTag, cancellationToken);
    }

    private Task<Problem?> BindAsync(Vm vm, Container target, ContainerSpec spec, CancellationToken cancellationToken) =>
        Leases.BindAsync(Db, vm, target, new(spec.Vlan, spec.Lease, MayKeep: true, new("#/spec/vlan", "#/spec/lease")), cancellationToken);
}
