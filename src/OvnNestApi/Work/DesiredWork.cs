using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Work;

/// <summary>
/// Work of a host, computed from the desired state. The same code computes what is sent to the host and what the host has to confirm.
/// </summary>
internal static class DesiredWork
{
    private const string IsWantedOnHost = "IN (SELECT object_id FROM placements WHERE host_id = @host AND wanted)";

    private const string IsWantedOfVm = "IN (SELECT object_id FROM placements WHERE vm_id = ANY(@vms) AND wanted)";

    /// <summary>Returns the work of the host's containers, except those whose tag is still leased to another container.</summary>
    public static Task<List<(Guid Vm, ContainerWork Work)>> OfContainersAsync(NestDb db, Guid host, CancellationToken cancellationToken) =>
        ReadContainersAsync(db, IsWantedOnHost, ("host", host), cancellationToken);

    /// <summary>Returns the work of the VMs' containers on any host, except those whose tag is still leased to another container.</summary>
    public static Task<List<(Guid Vm, ContainerWork Work)>> OfContainersAsync(NestDb db, Guid[] vms, CancellationToken cancellationToken) =>
        ReadContainersAsync(db, IsWantedOfVm, ("vms", vms), cancellationToken);

    /// <summary>Returns the work of the host's VMs, without their containers.</summary>
    public static Task<List<VmWork>> OfVmsAsync(NestDb db, Guid host, CancellationToken cancellationToken) =>
        ReadVmsAsync(db, IsWantedOnHost, ("host", host), cancellationToken);

    /// <summary>Returns the work of VMs on any host, without their containers.</summary>
    public static Task<List<VmWork>> OfVmsAsync(NestDb db, Guid[] vms, CancellationToken cancellationToken) =>
        ReadVmsAsync(db, IsWantedOfVm, ("vms", vms), cancellationToken);

    private static Task<List<(Guid Vm, ContainerWork Work)>> ReadContainersAsync(
        NestDb db,
        string condition,
        (string, object?) parameter,
        CancellationToken cancellationToken
    )
    {
        var (container, network) = (db.EntityTable<Container>(), db.EntityTable<Network>());
        return db.QueryAsync(
            $"""
            SELECT {container.Columns("c")}, {network.Columns("n")}, l.id
            FROM containers c JOIN networks n ON n.id = c.network_id
                JOIN vlan_leases l ON l.vm_id = c.vm_id AND l.tag = c.tag AND l.container_id = c.id AND l.state = 'Bound'
            WHERE c.id {condition} ORDER BY c.name
            """,
            row =>
            {
                var one = container.Read(row);
                return (one.VmId, Of(one, network.Read(row, container.Count), row.GetGuid(container.Count + network.Count)));
            },
            cancellationToken,
            parameter
        );
    }

    private static Task<List<VmWork>> ReadVmsAsync(
        NestDb db,
        string condition,
        (string, object?) parameter,
        CancellationToken cancellationToken
    )
    {
        var (vm, network) = (db.EntityTable<Vm>(), db.EntityTable<Network>());
        return db.QueryAsync(
            $"""
            SELECT {vm.Columns("v")}, {network.Columns("n")} FROM vms v JOIN networks n ON n.id = v.network_id
            WHERE v.id {condition} ORDER BY v.name
            """,
            row => Of(vm.Read(row), network.Read(row, vm.Count)),
            cancellationToken,
            parameter
        );
    }

    /// <summary>Returns the work for a container.</summary>
    /// <param name="lease">Id of the lease of its tag.</param>
    public static ContainerWork Of(Container container, Network network, Guid lease)
    {
        var device = Device(container, network);
        var work = new ContainerWork(container.Id, container.Name, "", container.PortName, container.Tag, lease, device);
        return work with { Digest = Digest(work), Adopts = container.Adopting ? true : null };
    }

    /// <summary>Returns the work for a VM, without its containers.</summary>
    public static VmWork Of(Vm vm, Network network)
    {
        var work = new VmWork(vm.Id, vm.Name, "", vm.PortName, vm.Bridge, vm.UplinkInterface, Device(vm, network), []);
        return work with { Digest = Digest(work), Adopts = vm.Adopting ? true : null };
    }

    private static DeviceWork Device(LogicalPort port, Network network)
    {
        // On an existing switch, the DHCP options may be another system's.
        var (isDhcp, followsDhcp) = (port.Addressing is Addressing.Dhcp, port.Addressing is Addressing.Dhcp && network.SwitchExisting);
        return new(
            port.Interface,
            port.Namespace,
            port.Mac.ToString(),
            network.Mtu,
            port.Addressing,
            port.Ip is { } ip && network.Subnet is { } subnet
                ? string.Create(CultureInfo.InvariantCulture, $"{ip}/{subnet.PrefixLength}")
                : null,
            network.Gateway?.ToString(),
            network.DnsServers,
            port.Workload,
            network.DomainName,
            isDhcp && !followsDhcp ? network.DhcpLeaseTime : null,
            followsDhcp,
            port.AllowedAddresses.Length == 0
                ? null
                : [.. port.AllowedAddresses.Select(text => AllowedAddress.Parse(text).Range.ToString())]
        );
    }

    /// <summary>
    /// Returns the first 128 bits of the SHA-256 of the work as JSON, in hex. Labels are not part of the work, so they do not change it.
    /// </summary>
    private static string Digest<T>(T work) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(work, ContractJson.Options)).AsSpan(0, 16));
}
