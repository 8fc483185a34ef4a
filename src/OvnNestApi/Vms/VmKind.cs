using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>The kind "vm": its views, filters and operations.</summary>
internal sealed class VmKind : ResourceKind<Vm, VmSpec, VmBody, VmView>
{
    public override string Name => "vm";

    public override string Plural => "vms";

    public override string Noun => "VM";

    public override string Example =>
        """
            {
              "name": "vm5",
              "spec": {
                "network": "dmz",
                "host": "ubuntu2",
                "portName": "dmz-vm5",
                "mac": "02:ac:10:ff:01:32",
                "ip": "172.16.255.132"
              }
            }
            """;

    public override IReadOnlyList<QueryParameter> Filters =>
        [
            new("network", "Only VMs in this network. The list is empty if the network does not exist."),
            new("host", "Only VMs on this host. The list is empty if the host does not exist."),
        ];

    public override KindWrite Begin(ResourceWrite write) => new VmWrite(write, this);

    public override string WriteLock => "NO KEY UPDATE";

    public override async Task<IReadOnlyList<DeletionEntry>> LockDependentsAsync(
        NestDb db,
        DeletionSet set,
        CancellationToken cancellationToken
    )
    {
        var (networks, hosts) = (set.Ids("network"), set.Ids("host"));
        if (networks.Length + hosts.Length == 0)
        {
            return [];
        }

        // Also locks the VMs that stay but lose a container.
        var rows = await db.SelectAsync<Vm>(
            """
            WHERE deleting_since IS NULL AND (network_id = ANY(@networks) OR host_id = ANY(@hosts)
                OR id IN (SELECT vm_id FROM containers WHERE network_id = ANY(@networks) AND deleting_since IS NULL))
            ORDER BY id FOR NO KEY UPDATE
            """,
            cancellationToken,
            ("networks", networks),
            ("hosts", hosts)
        );
        var dependents = rows.FindAll(vm => networks.Contains(vm.NetworkId) || (vm.HostId is { } host && hosts.Contains(host)));
        return dependents.ConvertAll(vm => new DeletionEntry(this, null, vm));
    }

    public override async Task<List<VmView>> ViewAsync(
        NestDb db,
        Liveness liveness,
        IQueryable<Vm> which,
        CancellationToken cancellationToken
    )
    {
        var rows = await which
            .AsNoTracking()
            .Select(vm => new Row(
                vm,
                db.Networks.Where(network => network.Id == vm.NetworkId).Select(network => network.Name).First(),
                db.Networks.Where(network => network.Id == vm.NetworkId).Select(network => network.Mtu).First(),
                db.Hosts.Where(host => host.Id == vm.HostId).Select(host => host.Name).FirstOrDefault(),
                db.Placements.FirstOrDefault(placement => placement.ObjectId == vm.Id && placement.HostId == vm.HostId),
                db.Containers.Count(container => container.VmId == vm.Id && container.DeletingSince == null)
            ))
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(row, liveness.Of(row.Vm)));
    }

    protected override IQueryable<Vm> Filter(NestDb db, IQueryable<Vm> all, Query query, string? vm)
    {
        all = query.Name("network") is { } network
            ? all.Where(one => db.Networks.Any(n => n.Id == one.NetworkId && n.Name == network))
            : all;
        return query.Name("host") is { } host ? all.Where(one => db.Hosts.Any(h => h.Id == one.HostId && h.Name == host)) : all;
    }

    private static VmView View(Row row, Condition condition) =>
        new()
        {
            Name = row.Vm.Name,
            Description = row.Vm.Description,
            Labels = row.Vm.Labels,
            Spec = new(row.Vm.Spec),
            Metadata = Metadata.Of(row.Vm, "vm"),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new()
                {
                    Network = row.Network,
                    Host = row.Host,
                    Mac = row.Vm.Mac,
                    Ip = row.Vm.Ip,
                    Mtu = row.Mtu,
                    PortName = row.Vm.PortName,
                    Interface = row.Vm.Interface,
                    Namespace = row.Vm.Namespace,
                    Bridge = row.Vm.Bridge,
                    VlanRanges = row.Vm.VlanRanges,
                    Uplink = new(row.Vm.UplinkInterface is null ? UplinkKind.Patch : UplinkKind.Interface, row.Vm.UplinkInterface),
                    Addressing = row.Vm.Addressing,
                    Workload = row.Vm.Workload,
                    Enabled = row.Vm.Enabled,
                    PortSecurity = row.Vm.PortSecurity,
                },
                Containers = row.Containers,
                Northbound = new(row.Vm.InNorthbound, row.Vm.Up, null, row.Vm.Rejection),
                Host = new(row.Host, row.Placement?.Address, row.Placement?.Error),
            },
        };

    private sealed record Row(Vm Vm, string Network, int Mtu, string? Host, Placement? Placement, int Containers);
}

/// <summary>A VM in a response.</summary>
public sealed record VmView : ResourceView<VmSpec, VmStatus>;

/// <summary>Observed state of a VM.</summary>
public sealed record VmStatus : ResourceStatus
{
    /// <summary>Effective values, after defaults.</summary>
    public required VmEffective Effective { get; init; }

    /// <summary>Number of containers, without those that are being deleted.</summary>
    public required int Containers { get; init; }

    /// <summary>State of the VM's port in the northbound database.</summary>
    public required PortNorthbound Northbound { get; init; }

    /// <summary>State of the VM on its host.</summary>
    public required PortHost Host { get; init; }
}

/// <summary>Effective values of a VM.</summary>
public sealed record VmEffective : PortEffective
{
    /// <summary>Name of the host; absent if there is none.</summary>
    public string? Host { get; init; }

    /// <summary>Name of the VM's bridge on the host.</summary>
    public required string Bridge { get; init; }

    /// <summary>VLAN tags that can be allocated to the containers of the VM.</summary>
    public required string VlanRanges { get; init; }

    /// <summary>How the VM's bridge is connected to OVN.</summary>
    public required UplinkEffective Uplink { get; init; }
}

/// <summary>Effective uplink of a VM's bridge.</summary>
/// <param name="Kind">A patch pair or an interface.</param>
/// <param name="Interface">Name of the interface; absent for a patch pair.</param>
public sealed record UplinkEffective(UplinkKind Kind, string? Interface);
