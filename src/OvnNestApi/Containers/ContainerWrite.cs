using System.Text.Json;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;
using OvnNestApi.Schema;
using OvnNestApi.Vms;

namespace OvnNestApi.Containers;

/// <summary>The containers of a write.</summary>
internal sealed class ContainerWrite(ResourceWrite write, ContainerKind kind) : PortWrite<Container, ContainerSpec>(write, kind)
{
    private VmWrite Vms => Write.Part<VmWrite>();

    public override void Refer()
    {
        base.Refer();
        foreach (var item in Items)
        {
            Networks.NeedOfVm(VmName(item));
        }
    }

    // The rows of the VMs are locked, so no other write of their containers runs. Includes the containers of former incarnations of the
    // VM, because their names, addresses and tags pass to the new containers.
    public override async Task LockAsync(CancellationToken cancellationToken)
    {
        var wanted = Items.SelectMany(item => Vms.Named(VmName(item)).Select(vm => (Vm: vm, item.Path.Name))).ToList();
        if (wanted.Count == 0)
        {
            return;
        }

        var names = wanted.Select(one => one.Vm).Distinct().ToDictionary(vm => vm.Id, vm => vm.Name);
        // Two parts, because there are two partial indexes.
        var rows = await Db.SelectAsync<Container>(
            """
            WHERE id IN (
                SELECT c.id FROM unnest(@vms, @names) AS w (vm, name)
                    JOIN containers c ON c.vm_id = w.vm AND c.name = w.name AND c.deleting_since IS NULL
                UNION ALL SELECT c.id FROM unnest(@vms, @names) AS w (vm, name)
                    JOIN containers c ON c.vm_id = w.vm AND c.name = w.name AND c.deleting_since IS NOT NULL)
            ORDER BY id FOR NO KEY UPDATE
            """,
            cancellationToken,
            ("vms", wanted.Select(one => one.Vm.Id).ToArray()),
            ("names", wanted.Select(one => one.Name).ToArray())
        );
        Keep(rows, row => names[row.VmId]);
    }

    protected override IEnumerable<Reference> References(WriteItem<Container, ContainerSpec> item)
    {
        if (item.Spec.Network is { } network)
        {
            yield return new("network", network, "#/spec/network");
        }

        yield return new("vm", VmName(item), item.Submission.IsItem ? "#/vm" : null);
    }

    protected override Container Create(WriteItem<Container, ContainerSpec> item) =>
        new()
        {
            Name = item.Path.Name,
            VmId = item.The<Vm>().Id,
            Spec = item.Submission.Sent.SpecText,
            NetworkId = Guid.Empty,
            Tag = 0,
            Mac = default,
            PortName = "",
            Interface = "",
            Namespace = "",
            PortUuid = item.Submission.Adopts?.Row ?? Guid.NewGuid(),
            Adopting = item.Submission.Adopts is not null,
        };

    protected override async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await base.ApplyAsync(cancellationToken);
        foreach (var item in Changing)
        {
            var ofVm = await Vms.NetworkOfAsync(item.The<Vm>(), cancellationToken);
            if (item.Spec.Network is null)
            {
                item.Refer(ofVm);
            }
            else if (ParentMtu.FindProblem(item.The<Network>(), ofVm) is { } problem)
            {
                item.Fail(problem);
            }
        }

        await ParentMtu.CheckStoredAsync(
            Db,
            Networks.WithNewMtu,
            Vms.Moving,
            [.. Changing.Select(item => Target(item).Id)],
            cancellationToken
        );
        await FollowParentsAsync(cancellationToken);
    }

    protected override IReadOnlyList<Claim> Claims(WriteItem<Container, ContainerSpec> item)
    {
        var port = $"{item.The<Network>().Name}-{VmName(item)}-{item.Path.Name}";
        return PortRules.Claims(item.Spec, item.IsNew ? null : item.Target, item.Predecessor, item.Path.Name, port);
    }

    protected override async Task AllocateAsync(CancellationToken cancellationToken)
    {
        await base.AllocateAsync(cancellationToken);
        var changing = Changing.ToList();
        if (changing.Count == 0)
        {
            return;
        }

        var problems = await Leases.BindAsync(Db, changing.ConvertAll(Request), cancellationToken);
        for (var i = 0; i < problems.Count; i++)
        {
            if (problems[i] is { } problem)
            {
                changing[i].Fail(problem);
            }
        }
    }

    public override Task FollowAsync(CancellationToken cancellationToken)
    {
        // A container of a VM without a host is not part of any work.
        foreach (var item in Changing.Where(item => !item.IsNew || item.The<Vm>().HostId is not null))
        {
            Write.RefreshContainer(Target(item).Id);
        }

        return base.FollowAsync(cancellationToken);
    }

    private static string VmName(WriteItem item) => item.Path.Vm ?? "";

    private static TagRequest Request(WriteItem<Container, ContainerSpec> item)
    {
        // A predecessor in a former incarnation of the VM: its tag is used again if the ranges of this VM contain it.
        var (vm, former) = (item.The<Vm>(), item.Predecessor);
        var isUsedAgain = former is not null && former.VmId != vm.Id && VlanRanges.Parse(vm.VlanRanges).Contains(former.Tag);
        var preferred = isUsedAgain ? former?.Tag : null;
        return new(vm, Target(item), item.Spec.Vlan, item.Spec.Lease, preferred, new("#/spec/vlan", "#/spec/lease"))
        {
            IsAdopted = item.Adopts is not null,
        };
    }

    /// <summary>
    /// Moves containers without a network in their spec to the new networks of their VMs, and assigns addresses in networks that get a
    /// subnet.
    /// </summary>
    private async Task FollowParentsAsync(CancellationToken cancellationToken)
    {
        var (vms, networks) = (Vms.Moving.Keys.ToArray(), Networks.WithNewSubnet.Keys.ToArray());
        if (vms.Length + networks.Length == 0)
        {
            return;
        }

        var rows = await Db.SelectAsync<Container>(
            """
            WHERE deleting_since IS NULL AND id IN (
                SELECT id FROM containers WHERE vm_id = ANY(@vms) AND spec ->> 'network' IS NULL
                UNION ALL SELECT id FROM containers WHERE network_id = ANY(@networks))
            ORDER BY id FOR NO KEY UPDATE
            """,
            cancellationToken,
            ("vms", vms),
            ("networks", networks)
        );
        var changing = Changing.Select(item => Target(item).Id).ToHashSet();
        foreach (var container in rows.Where(row => !changing.Contains(row.Id)))
        {
            var spec = JsonSerializer.Deserialize<ContainerSpec>(container.Spec, ApiJson.Options) ?? new();
            if (spec.Network is null && Vms.Moving.GetValueOrDefault(container.VmId) is { } vm)
            {
                Follow(vm, container, spec);
            }
        }

        FollowNewSubnets(rows.Except(Followers()));
    }

    private void Follow(WriteItem<Vm, VmSpec> vm, Container container, ContainerSpec spec)
    {
        var network = vm.The<Network>();
        PortRules.Apply(container, spec, network, [container.PortName, container.Interface, container.Namespace], isStored: true);
        Follow(vm, container, new(container, network, spec.Ip, spec.Mac) { IsMoved = true }, problem =>
            problem with
            {
                Detail = $"Container {container.Name} cannot move to network {network.Name} with its VM: {problem.Detail}",
                Errors = [new("#/spec/network", problem.Detail)],
            }
        );
    }
}
