using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Ports;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Containers;

/// <summary>The kind "container": its views, filters and operations.</summary>
internal sealed class ContainerKind : ResourceKind<Container, ContainerSpec, ContainerBody, ContainerView>
{
    public override string Name => "container";

    public override string Plural => "containers";

    public override string Route => "/vms/{vm}/containers";

    public override string TagDescription => "Containers in VMs: each has a nested port with a VLAN tag.";

    public override string Example =>
        """
            {
              "name": "c51",
              "labels": { "app": "web" },
              "spec": {
                "portName": "dmz-c51",
                "mac": "02:ac:10:ff:01:33",
                "ip": "172.16.255.133",
                "vlan": 51
              }
            }
            """;

    public override IReadOnlyList<QueryParameter> Filters =>
        [
            new("network", "Only containers in this network. The list is empty if the network does not exist."),
            new("ip", "Only containers with this IPv4 address."),
            new("mac", "Only containers with this MAC address."),
            new("vlan", "Only containers with this VLAN tag, 1 to 4094.", "integer"),
        ];

    /// <summary>Filters of the list of all containers, <c>/v1/containers</c>.</summary>
    private IReadOnlyList<QueryParameter> FiltersOfAll =>
        [
            new("vm", "Only containers of this VM. The list is empty if the VM does not exist."),
            new("host", "Only containers on this host. The list is empty if the host does not exist."),
            .. Filters,
        ];

    public override void Map(IEndpointRouteBuilder api)
    {
        base.Map(api);
        var all = new ResourceOperations<Container, ContainerSpec, ContainerBody, ContainerView>(this);
        api.MapRead("/containers", all.ListAsync)
            .WithTags(Tag)
            .Takes([.. QueryParameters.OfLists, .. FiltersOfAll])
            .Describe("list-all-containers", "List the containers of all VMs", "Returns a page of the containers, ordered by name.");
    }

    public override string Url(ResourcePath path) => $"/v1/vms/{path.Vm}/containers/{path.Name}";

    public override KindReadiness Readiness => new ContainerReadiness();

    public override ReconciledKind? Reconciled => new ReconciledContainer();

    public override KindRemoval? Removal => null;

    public override KindWrite Begin(ResourceWrite write) => new ContainerWrite(write, this);

    public override bool IsInVm => true;

    public override string WriteLock => "NO KEY UPDATE";

    public override async Task<Answer<DeletionEntry>> LockAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken)
    {
        var vms = await db.LockAsync<Vm>([path.Vm ?? ""], WriteLock, also: null, cancellationToken);
        if (vms.Count == 0)
        {
            return Problem.NotFound("VM", path.Vm ?? "");
        }

        var ids = vms.Select(vm => vm.Id).ToArray();
        var rows = await db.SelectAsync<Container>(
            "WHERE vm_id = ANY(@vms) AND name = @name ORDER BY id FOR NO KEY UPDATE",
            cancellationToken,
            ("vms", ids),
            ("name", path.Name)
        );
        return Newest(rows, path);
    }

    public override async Task<IReadOnlyList<DeletionEntry>> LockDependentsAsync(
        NestDb db,
        DeletionSet set,
        CancellationToken cancellationToken
    )
    {
        var (vms, networks) = (set.Ids("vm"), set.Ids("network"));
        if (vms.Length + networks.Length == 0)
        {
            return [];
        }

        var rows = await db.SelectAsync<Container>(
            """
            WHERE deleting_since IS NULL AND (vm_id = ANY(@vms) OR network_id = ANY(@networks)) ORDER BY id FOR NO KEY UPDATE
            """,
            cancellationToken,
            ("vms", vms),
            ("networks", networks)
        );
        var ids = rows.Select(row => row.VmId).Distinct().ToArray();
        var names = await db.Vms.Where(vm => ids.Contains(vm.Id)).ToDictionaryAsync(vm => vm.Id, vm => vm.Name, cancellationToken);
        return rows.ConvertAll(row => new DeletionEntry(this, names[row.VmId], row));
    }

    protected override async Task<IReadOnlyList<DeletionEntry>> LockAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        // The VMs come first in the lock order.
        var ofContainers = new LockedIds("SELECT vm_id FROM containers WHERE id = ANY(@also)", ids, ForWrite: true);
        var vms = await db.LockAsync<Vm>([], WriteLock, ofContainers, cancellationToken);
        var names = vms.ToDictionary(vm => vm.Id, vm => vm.Name);
        return (await db.LockAsync<Container>([], WriteLock, new("SELECT unnest(@also)", ids, ForWrite: true), cancellationToken))
            .FindAll(row => row.DeletingSince is null)
            .ConvertAll(row => new DeletionEntry(this, names[row.VmId], row));
    }

    public override Task FollowDeletionAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken) =>
        Leases.ReleaseAsync(db, ids, cancellationToken);

    protected override ViewQuery<ContainerView> Views(NestDb db, Liveness liveness)
    {
        var table = db.EntityTable<Container>();
        return new(
            $"""
            SELECT {table.Columns("r")}, v.name AS vm, v.host_id, v.workload <> 'None' AS vm_has_device, n.name AS network, n.mtu,
                h.name AS host, p.address, p.error
            FROM containers r JOIN vms v ON v.id = r.vm_id JOIN networks n ON n.id = r.network_id LEFT JOIN hosts h ON h.id = v.host_id
            LEFT JOIN placements p ON p.object_id = r.id AND p.host_id = v.host_id
            """,
            row =>
            {
                var container = table.Read(row);
                return View(
                    container,
                    new(row.Text("vm") ?? "", row.Text("network") ?? "", row.Number("mtu") ?? 0),
                    new(row.Text("host"), row.Text("address"), row.Text("error")),
                    liveness.Of(container, HostOf(container, row.Flag("vm_has_device"), row.Id("host_id")))
                );
            }
        );
    }

    /// <summary>
    /// Builds the view of a new container without a query: all its values are known, and no host can have reported it yet.
    /// </summary>
    public override Task<ContainerView> AnswerAsync(NestDb db, Liveness liveness, WriteItem written, CancellationToken cancellationToken)
    {
        if (written is not WriteItem<Container, ContainerSpec> { IsNew: true, Target: { } container })
        {
            return base.AnswerAsync(db, liveness, written, cancellationToken);
        }

        var (vm, network) = (written.The<Vm>(), written.The<Network>());
        var host = vm.HostId is { } id ? liveness.Hosts.GetValueOrDefault(id) : null;
        // The cached liveness does not contain a host that was created after it was read.
        return vm.HostId is not null && host is null
            ? base.AnswerAsync(db, liveness, written, cancellationToken)
            : Task.FromResult(
                View(
                    container,
                    new(vm.Name, network.Name, network.Mtu),
                    new(host?.Name, null, null),
                    liveness.Of(container, HostOf(container, vm.Workload != Workload.None, vm.HostId))
                )
            );
    }

    /// <summary>Returns the host whose agent configures the container; null if none does.</summary>
    /// <param name="hasVmDevice">True if an agent configures the device of its VM.</param>
    /// <param name="host">Id of the VM's host; null if none.</param>
    private static Guid? HostOf(Container container, bool hasVmDevice, Guid? host) =>
        hasVmDevice && container.Workload != Workload.None ? host : null;

    protected override string HasName => "r.name = @name AND r.vm_id IN (SELECT id FROM vms WHERE name = @vm)";

    // Incarnations of a container can belong to different incarnations of its VM, so the names of the VMs are compared.
    protected override IQueryable<Container> Visible(NestDb db, IQueryable<Container> all) =>
        all.Where(one =>
            one.DeletingSince == null
            || !db.Containers.Any(newer =>
                newer.Name == one.Name
                && newer.CreatedAt > one.CreatedAt
                && db.Vms.Any(vm => vm.Id == newer.VmId && db.Vms.Any(of => of.Id == one.VmId && of.Name == vm.Name))
            )
        );

    protected override IQueryable<Container> Filter(NestDb db, IQueryable<Container> all, Query query, string? vm)
    {
        vm ??= query.Name("vm");
        all = vm is not null ? all.Where(one => db.Vms.Any(v => v.Id == one.VmId && v.Name == vm)) : all;
        all = query.Name("network") is { } network
            ? all.Where(one => db.Networks.Any(n => n.Id == one.NetworkId && n.Name == network))
            : all;
        all = query.Name("host") is { } host
            ? all.Where(one => db.Vms.Any(v => v.Id == one.VmId && db.Hosts.Any(h => h.Id == v.HostId && h.Name == host)))
            : all;
        all = query.Value<Ipv4>("ip", Ipv4.TryParse, "an IPv4 address") is { } ip ? all.Where(one => one.Ip == ip) : all;
        all = query.Value<MacAddress>("mac", MacAddress.TryParse, "a MAC address") is { } mac ? all.Where(one => one.Mac == mac) : all;
        return query.Number("vlan", VlanRanges.Lowest, VlanRanges.Highest) is { } tag ? all.Where(one => one.Tag == tag) : all;
    }

    private static ContainerView View(Container container, Parents parents, PortHost host, Condition condition) =>
        new()
        {
            Name = container.Name,
            Description = container.Description,
            Labels = container.Labels,
            Spec = new(container.Spec),
            Metadata = Metadata.Of(container, "container", parents.Vm),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new()
                {
                    Network = parents.Network,
                    Mac = container.Mac,
                    Ip = container.Ip,
                    Vlan = container.Tag,
                    Mtu = parents.Mtu,
                    PortName = container.PortName,
                    Interface = container.Interface,
                    Namespace = container.Namespace,
                    Addressing = container.Addressing,
                    Workload = container.Workload,
                    Enabled = container.Enabled,
                    PortSecurity = container.PortSecurity,
                    AllowedAddresses = container.AllowedAddresses,
                    UnknownAddresses = container.UnknownAddresses,
                    Hostname = container.Hostname,
                },
                Northbound = new(container.InNorthbound, container.Up, container.ObservedTag, container.Rejection),
                Host = host,
            },
        };

    private readonly record struct Parents(string Vm, string Network, int Mtu);
}

/// <summary>A container in a response.</summary>
public sealed record ContainerView : ResourceView<ContainerSpec, ContainerStatus>;

/// <summary>Observed state of a container.</summary>
public sealed record ContainerStatus : ResourceStatus
{
    /// <summary>Effective values, after defaults.</summary>
    public required ContainerEffective Effective { get; init; }

    /// <summary>State of the container's port in the northbound database.</summary>
    public required PortNorthbound Northbound { get; init; }

    /// <summary>State of the container on its host.</summary>
    public required PortHost Host { get; init; }
}

/// <summary>Effective values of a container.</summary>
public sealed record ContainerEffective : PortEffective
{
    /// <summary>Leased VLAN tag.</summary>
    public required int Vlan { get; init; }
}
