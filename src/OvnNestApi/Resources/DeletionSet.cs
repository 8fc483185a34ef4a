using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>A resource to delete, with the resources that depend on it.</summary>
internal sealed class DeletionSet
{
    public List<Router> Routers { get; init; } = [];

    public List<Network> Networks { get; init; } = [];

    public List<Host> Hosts { get; init; } = [];

    public List<Vm> Vms { get; init; } = [];

    public List<Container> Containers { get; init; } = [];

    /// <summary>Names of the VMs of <see cref="Containers"/>, by id.</summary>
    public Dictionary<Guid, string> VmNames { get; init; } = [];

    /// <summary>All resources of the set; <c>Vm</c> is the VM's name for a container, null for other kinds.</summary>
    public IEnumerable<(string Kind, string? Vm, Resource Resource)> All =>
        [
            .. Routers.Select(router => ("router", (string?)null, (Resource)router)),
            .. Networks.Select(network => ("network", (string?)null, (Resource)network)),
            .. Hosts.Select(host => ("host", (string?)null, (Resource)host)),
            .. Vms.Select(vm => ("vm", (string?)null, (Resource)vm)),
            .. Containers.Select(container => ("container", VmNames.GetValueOrDefault(container.VmId), (Resource)container)),
        ];

    /// <summary>
    /// Adds all dependents that are not being deleted yet and locks their rows in the lock order: networks, VMs, containers, each by id.
    /// </summary>
    public async Task AddDependentsAsync(NestDb db, CancellationToken cancellationToken)
    {
        await AddNetworksAsync(db, cancellationToken);
        await AddVmsAsync(db, cancellationToken);
        await AddContainersAsync(db, cancellationToken);
    }

    private async Task AddNetworksAsync(NestDb db, CancellationToken cancellationToken)
    {
        foreach (var router in Routers)
        {
            Networks.AddRange(
                await db
                    .Networks.FromSql(
                        $"SELECT * FROM networks WHERE router_id = {router.Id} AND deleting_since IS NULL ORDER BY id FOR UPDATE"
                    )
                    .ToListAsync(cancellationToken)
            );
        }
    }

    private async Task AddVmsAsync(NestDb db, CancellationToken cancellationToken)
    {
        var networks = Networks.Select(network => network.Id).ToArray();
        var hosts = Hosts.Select(host => host.Id).ToArray();
        if (networks.Length + hosts.Length > 0)
        {
            // Also locks the VMs that stay but lose a container.
            var vms = await db
                .Vms.FromSql(
                    $"""
                    SELECT * FROM vms WHERE deleting_since IS NULL AND (network_id = ANY({networks}) OR host_id = ANY({hosts})
                        OR id IN (SELECT vm_id FROM containers WHERE network_id = ANY({networks}) AND deleting_since IS NULL))
                    ORDER BY id FOR NO KEY UPDATE
                    """
                )
                .ToListAsync(cancellationToken);
            Vms.AddRange(vms.Where(vm => networks.Contains(vm.NetworkId) || (vm.HostId is { } host && hosts.Contains(host))));
            AddNames(vms);
        }

        AddNames(Vms);
    }

    private async Task AddContainersAsync(NestDb db, CancellationToken cancellationToken)
    {
        var networks = Networks.Select(network => network.Id).ToArray();
        var vms = Vms.Select(vm => vm.Id).ToArray();
        if (vms.Length + networks.Length > 0)
        {
            Containers.AddRange(
                await db
                    .Containers.FromSql(
                        $"""
                        SELECT * FROM containers WHERE deleting_since IS NULL AND (vm_id = ANY({vms}) OR network_id = ANY({networks}))
                        ORDER BY id FOR NO KEY UPDATE
                        """
                    )
                    .ToListAsync(cancellationToken)
            );
        }
    }

    private void AddNames(IEnumerable<Vm> vms)
    {
        foreach (var vm in vms)
        {
            VmNames[vm.Id] = vm.Name;
        }
    }
}
