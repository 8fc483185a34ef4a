using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Ports;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>The VMs of a write.</summary>
internal sealed class VmWrite(ResourceWrite write, VmKind kind) : PortWrite<Vm, VmSpec>(write, kind)
{
    private const int MaxNamedTags = 10;

    private readonly List<Guid> _withNewPortName = [];
    private readonly Dictionary<Guid, Network> _networks = [];

    /// <summary>Stored VMs that move to another network, by id: containers without a network of their own follow.</summary>
    public IReadOnlyDictionary<Guid, WriteItem<Vm, VmSpec>> Moving { get; private set; } = new Dictionary<Guid, WriteItem<Vm, VmSpec>>();

    /// <summary>Returns the incarnations of a VM that the write has locked, the newest first.</summary>
    public IReadOnlyList<Vm> Named(string name) => Incarnations(name);

    /// <summary>Returns the network that the VM has after the write.</summary>
    public async Task<Network> NetworkOfAsync(Vm vm, CancellationToken cancellationToken) =>
        _networks.GetValueOrDefault(vm.Id) ?? await Networks.ReadAsync(vm.NetworkId, cancellationToken);

    protected override IEnumerable<Reference> References(WriteItem<Vm, VmSpec> item)
    {
        yield return new("network", item.Spec.Network ?? "", "#/spec/network");
        if (item.Spec.Host is { } host)
        {
            yield return new("host", host, "#/spec/host");
        }
    }

    // The changes of a network can affect every VM that has a port in it, or a container with a port in it.
    protected override LockedIds? AlsoLocked() =>
        Networks.Changed is { Length: > 0 } changed
            ? new(
                "SELECT id FROM vms WHERE network_id = ANY(@also) UNION ALL SELECT vm_id FROM containers WHERE network_id = ANY(@also)",
                changed,
                ForWrite: true
            )
            : null;

    protected override Vm Create(WriteItem<Vm, VmSpec> item) =>
        new()
        {
            Name = item.Path.Name,
            Spec = item.Submission.Sent.SpecText,
            NetworkId = Guid.Empty,
            Mac = default,
            PortName = "",
            Interface = "",
            Namespace = "",
            Bridge = "",
            PortUuid = item.Submission.Adopts?.Row ?? Guid.NewGuid(),
            Adopting = item.Submission.Adopts is not null,
        };

    protected override async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await base.ApplyAsync(cancellationToken);
        foreach (var item in Changing)
        {
            _networks[Target(item).Id] = item.The<Network>();
            if (CheckUplink(item.Spec) is { } problem)
            {
                item.Fail(problem);
            }
        }

        Moving = Changing
            .Where(item => !item.IsNew && Target(item).NetworkId != item.The<Network>().Id)
            .ToDictionary(item => Target(item).Id);

        await CheckRangesAsync(cancellationToken);
        FollowNewSubnets(Locked.Where(vm => vm.DeletingSince is null));
    }

    protected override IReadOnlyList<Claim> Claims(WriteItem<Vm, VmSpec> item)
    {
        var (name, present, former) = (item.Path.Name, item.IsNew ? null : item.Target, item.Predecessor);
        var left = present?.LeftPortName;
        var spec = left is not null && item.Spec.PortName == left ? item.Spec with { PortName = present?.PortName } : item.Spec;
        var claims = PortRules.Claims(spec, present, former, name, $"{item.The<Network>().Name}-{name}");
        claims.Add(new(NameScope.Device, "bridge", spec.Bridge, present?.Bridge, former?.Bridge, $"br-{name}"));
        if (left is not null)
        {
            // A silent host may still serve the port under this name, so no other port gets it.
            claims.Add(new(NameScope.Port, "portName", left, left, null, left));
        }

        return claims;
    }

    protected override void SetNames(WriteItem<Vm, VmSpec> item, IReadOnlyList<string> names)
    {
        var target = Target(item);
        if (!item.IsNew && target.PortName != names[0])
        {
            _withNewPortName.Add(target.Id);
        }

        base.SetNames(item, names);
        var ranges = Ranges(item.Spec).ToString();
        target.Bridge = names[3];
        target.HostId = item.Find<Host>()?.Id;
        target.NextTag = target.VlanRanges == ranges ? target.NextTag : 0;
        target.VlanRanges = ranges;
        target.UplinkInterface = item.Spec.Uplink?.Interface;
    }

    public override async Task FollowAsync(CancellationToken cancellationToken)
    {
        await base.FollowAsync(cancellationToken);
        foreach (var item in Changing)
        {
            Write.RefreshVm(Target(item).Id);
        }

        if (_withNewPortName.Count > 0)
        {
            // The parent of an NB row cannot be changed, so the containers get new rows.
            await Db.ExecuteAsync(
                "UPDATE containers SET port_uuid = gen_random_uuid() WHERE vm_id = ANY(@vms) AND deleting_since IS NULL",
                cancellationToken,
                ("vms", _withNewPortName.ToArray())
            );
        }

        if (Changing.Where(item => !item.IsNew).Select(item => Target(item).Id).ToArray() is { Length: > 0 } changed)
        {
            await Db.MarkVmsAsync(changed, cancellationToken);
        }
    }

    private static Problem? CheckUplink(VmSpec spec)
    {
        var isInterface = spec.Uplink?.Kind == UplinkKind.Interface;
        var error = spec.Uplink?.Interface switch
        {
            null => isInterface ? "is required for kind interface" : null,
            _ when !isInterface => "is allowed only for kind interface",
            var uplink when Claim.IsReservedDevice(uplink) =>
                $"{uplink} is a reserved device name; use the interface that connects the VM to the outside, such as eth1",
            var uplink when uplink == spec.Bridge || uplink == spec.Interface =>
                $"{uplink} is a device of this VM; use the interface that connects the VM to the outside, such as eth1",
            _ => null,
        };
        return error is null ? null : Problem.ValidationFailed("#/spec/uplink/interface", error);
    }

    private static VlanRanges Ranges(VmSpec spec) => VlanRanges.Parse(spec.VlanRanges ?? Vm.DefaultVlanRanges);

    /// <summary>
    /// Checks that the new ranges contain every tag of the present ranges that is bound or reserved, or will be after its cool-down. A tag
    /// that was requested outside of the present ranges stays valid.
    /// </summary>
    private async Task CheckRangesAsync(CancellationToken cancellationToken)
    {
        var changing = Changing.Where(item => !item.IsNew && Ranges(item.Spec).ToString() != Target(item).VlanRanges).ToList();
        if (changing.Count == 0)
        {
            return;
        }

        var vms = changing.Select(item => Target(item).Id).ToArray();
        var used = await Expiry
            .Leases(Db)
            .AsNoTracking()
            .Where(l =>
                vms.Contains(l.VmId)
                && (l.State == LeaseState.Reserved || l.State == LeaseState.Bound || l.Owner != null || l.SuccessorId != null)
            )
            .OrderBy(l => l.Tag)
            .ToListAsync(cancellationToken);
        var ofVm = used.ToLookup(lease => lease.VmId);
        foreach (var item in changing)
        {
            var (present, ranges) = (VlanRanges.Parse(Target(item).VlanRanges), Ranges(item.Spec));
            var excluded = ofVm[Target(item).Id].Where(one => present.Contains(one.Tag) && !ranges.Contains(one.Tag)).ToList();
            if (excluded.Count > 0)
            {
                var detail = $"The ranges do not contain tags that are in use: {ListOf(excluded)}.";
                item.Fail(Problem.Immutable("#/spec/vlanRanges", detail));
            }
        }
    }

    private static string ListOf(List<VlanLease> leases)
    {
        var named = string.Join(
            ", ",
            leases
                .Take(MaxNamedTags)
                .Select(one => $"{one.Tag} ({(one.ContainerName is { } name ? $"container {name}" : $"reserved for {one.Owner}")})")
        );
        return leases.Count > MaxNamedTags ? $"{named} and {leases.Count - MaxNamedTags} more" : named;
    }
}
