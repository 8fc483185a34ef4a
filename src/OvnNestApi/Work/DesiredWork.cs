using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;

namespace OvnNestApi.Work;

/// <summary>
/// Work of a host, computed from the desired state. The same code computes what is sent to the host and what the host has to confirm.
/// </summary>
internal static class DesiredWork
{
    /// <summary>Returns the work of the containers, except those whose tag is still leased to another container.</summary>
    public static async Task<List<(Guid Vm, ContainerWork Work)>> OfContainersAsync(
        NestDb db,
        IQueryable<Container> containers,
        CancellationToken cancellationToken
    )
    {
        var rows = await (
            from c in containers
            join n in db.Networks on c.NetworkId equals n.Id
            join l in db.VlanLeases on new { c.VmId, c.Tag } equals new { l.VmId, l.Tag }
            where l.State == LeaseState.Bound && l.ContainerId == c.Id
            orderby c.Name
            select new
            {
                c.VmId,
                c.Id,
                c.Name,
                c.PortName,
                c.Tag,
                Lease = l.Id,
                Device = new DeviceRow(
                    c.Interface,
                    c.Namespace,
                    c.Mac,
                    c.Ip,
                    c.Addressing,
                    c.Workload,
                    n.Mtu,
                    n.Subnet,
                    n.Gateway,
                    n.DnsServers
                ),
            }
        ).ToListAsync(cancellationToken);
        return rows.ConvertAll(r =>
        {
            var work = new ContainerWork(r.Id, r.Name, "", r.PortName, r.Tag, r.Lease, r.Device.ToWork());
            return (r.VmId, work with { Digest = Digest(work) });
        });
    }

    /// <summary>Returns the work of the VMs, without their containers.</summary>
    public static async Task<List<VmWork>> OfVmsAsync(NestDb db, IQueryable<Vm> vms, CancellationToken cancellationToken)
    {
        var rows = await (
            from v in vms
            join n in db.Networks on v.NetworkId equals n.Id
            orderby v.Name
            select new
            {
                v.Id,
                v.Name,
                v.PortName,
                v.Bridge,
                v.UplinkInterface,
                Device = new DeviceRow(
                    v.Interface,
                    v.Namespace,
                    v.Mac,
                    v.Ip,
                    v.Addressing,
                    v.Workload,
                    n.Mtu,
                    n.Subnet,
                    n.Gateway,
                    n.DnsServers
                ),
            }
        ).ToListAsync(cancellationToken);
        return rows.ConvertAll(r =>
        {
            var work = new VmWork(r.Id, r.Name, "", r.PortName, r.Bridge, r.UplinkInterface, r.Device.ToWork(), []);
            return work with { Digest = Digest(work) };
        });
    }

    /// <summary>
    /// Returns the first 128 bits of the SHA-256 of the work as JSON, in hex. Labels are not part of the work, so they do not change it.
    /// </summary>
    private static string Digest<T>(T work) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(work, ContractJson.Options)).AsSpan(0, 16));

    private sealed record DeviceRow(
        string Interface,
        string Namespace,
        MacAddress Mac,
        Ipv4? Ip,
        Addressing Addressing,
        Workload Workload,
        int Mtu,
        Cidr? Subnet,
        Ipv4? Gateway,
        string[] DnsServers
    )
    {
        public DeviceWork ToWork() =>
            new(
                Interface,
                Namespace,
                Mac.ToString(),
                Mtu,
                Addressing,
                Ip is { } ip && Subnet is { } subnet ? string.Create(CultureInfo.InvariantCulture, $"{ip}/{subnet.PrefixLength}") : null,
                Gateway?.ToString(),
                DnsServers,
                Workload
            );
    }
}
