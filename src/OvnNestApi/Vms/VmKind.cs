using Npgsql;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Ports;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>The kind "vm": its views, filters and operations.</summary>
internal sealed class VmKind : ResourceKind<Vm, VmSpec, VmBody, VmView>
{
    public override string Name => "vm";

    public override string Plural => "vms";

    public override string Noun => "VM";

    public override string TagDescription => "Virtual machines: each has a parent port, a bridge, and VLAN tags of its own.";

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

    public override IReadOnlyList<QueryParameter> WriteParameters => [.. WriteOptions.OfWrites, WriteOptions.ForceOfWrites];

    public override KindReadiness Readiness => new VmReadiness();

    public override ReconciledKind? Reconciled => new ReconciledVm();

    public override KindRemoval? Removal => null;

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

    protected override ViewQuery<VmView> Views(NestDb db, Liveness liveness)
    {
        var vms = db.EntityTable<Vm>();
        return new(
            $"""
            SELECT {vms.Columns("r")}, n.name AS network, n.mtu AS network_mtu, h.name AS host, p.address, p.error,
                (SELECT count(*)::int FROM containers c WHERE c.vm_id = r.id AND c.deleting_since IS NULL) AS containers
            FROM vms r JOIN networks n ON n.id = r.network_id LEFT JOIN hosts h ON h.id = r.host_id
            LEFT JOIN placements p ON p.object_id = r.id AND p.host_id = r.host_id
            """,
            row => View(vms.Read(row), row, liveness)
        );
    }

    protected override IQueryable<Vm> Filter(NestDb db, IQueryable<Vm> all, Query query, string? vm)
    {
        all = query.Name("network") is { } network
            ? all.Where(one => db.Networks.Any(n => n.Id == one.NetworkId && n.Name == network))
            : all;
        return query.Name("host") is { } host ? all.Where(one => db.Hosts.Any(h => h.Id == one.HostId && h.Name == host)) : all;
    }

    private static VmView View(Vm vm, NpgsqlDataReader row, Liveness liveness)
    {
        var (condition, host) = (liveness.Of(vm, vm.Workload == Workload.None ? null : vm.HostId), row.Text("host"));
        return new()
        {
            Name = vm.Name,
            Description = vm.Description,
            Labels = vm.Labels,
            Spec = new(vm.Spec),
            Metadata = Metadata.Of(vm, "vm"),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new()
                {
                    Network = row.Text("network") ?? "",
                    Host = host,
                    Mac = vm.Mac,
                    Ip = vm.Ip,
                    Mtu = row.Number("network_mtu") ?? 0,
                    PortName = vm.PortName,
                    Interface = vm.Interface,
                    Namespace = vm.Namespace,
                    Bridge = vm.Bridge,
                    VlanRanges = vm.VlanRanges,
                    Uplink = new(vm.UplinkInterface is null ? UplinkKind.Patch : UplinkKind.Interface, vm.UplinkInterface),
                    Addressing = vm.Addressing,
                    Workload = vm.Workload,
                    Enabled = vm.Enabled,
                    PortSecurity = vm.PortSecurity,
                    AllowedAddresses = vm.AllowedAddresses,
                    UnknownAddresses = vm.UnknownAddresses,
                    Hostname = vm.Hostname,
                },
                Containers = row.Number("containers") ?? 0,
                Northbound = new(vm.InNorthbound, vm.Up, null, vm.Rejection),
                Host = new(host, row.Text("address"), row.Text("error")),
            },
        };
    }
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
