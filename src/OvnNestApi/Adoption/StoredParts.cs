using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>Stored resources that the rows of other clients are connected to.</summary>
/// <param name="Networks">Networks, by the name of their logical switch.</param>
/// <param name="Vms">Names of VMs, by the name of their port.</param>
/// <param name="Hosts">Names of hosts, by their chassis.</param>
internal sealed record StoredParts(
    IReadOnlyDictionary<string, Network> Networks,
    IReadOnlyDictionary<string, string> Vms,
    IReadOnlyDictionary<string, string> Hosts
)
{
    public static StoredParts None { get; } =
        new(new Dictionary<string, Network>(), new Dictionary<string, string>(), new Dictionary<string, string>());

    /// <summary>Reads the resources that belong to these rows.</summary>
    public static async Task<StoredParts> ReadAsync(NestDb db, NorthboundContent nb, CancellationToken cancellationToken)
    {
        var switches = nb.Candidates.Select(row => nb.SwitchOf(row)?["name"].AsString()).OfType<string>().Distinct().ToArray();
        var parents = nb.Candidates.Select(row => row["parent_name"].AsOptionalString()).OfType<string>().Distinct().ToArray();
        var networks = await db
            .Networks.AsNoTracking()
            .Where(network => switches.Contains(network.SwitchName) && network.DeletingSince == null)
            .OrderBy(network => network.Name)
            .ToListAsync(cancellationToken);
        var vms = await db
            .Vms.Where(vm => parents.Contains(vm.PortName) && vm.DeletingSince == null)
            .Select(vm => new { vm.PortName, vm.Name })
            .ToListAsync(cancellationToken);
        var hosts = await db.QueryAsync(
            """
            SELECT coalesce(h.chassis, s.system_id), h.name FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id
            WHERE h.deleting_since IS NULL AND coalesce(h.chassis, s.system_id) IS NOT NULL ORDER BY h.name
            """,
            row => (Chassis: row.GetString(0), Name: row.GetString(1)),
            cancellationToken
        );
        return new(
            networks.DistinctBy(network => network.SwitchName).ToDictionary(network => network.SwitchName),
            vms.DistinctBy(vm => vm.PortName).ToDictionary(vm => vm.PortName, vm => vm.Name),
            hosts.DistinctBy(host => host.Chassis).ToDictionary(host => host.Chassis, host => host.Name)
        );
    }
}
