using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>The VM or container from which a check is made.</summary>
/// <param name="Id">Id of the VM or container.</param>
/// <param name="VmId">Id of the VM.</param>
/// <param name="IsDeleting">True if it is being deleted.</param>
/// <param name="Workload">What the agent creates for it.</param>
/// <param name="Namespace">Name of its network namespace.</param>
/// <param name="Network">Name of its network.</param>
/// <param name="Gateway">Gateway of that network; null if there is none.</param>
/// <param name="Host">Host of the VM; null if there is none.</param>
internal sealed record CheckedPort(
    Guid Id,
    Guid VmId,
    bool IsDeleting,
    Workload Workload,
    string Namespace,
    string Network,
    Ipv4? Gateway,
    (Guid Id, string Name)? Host
)
{
    private const string Columns = "p.id, v.id, p.deleting_since IS NOT NULL, p.workload, p.namespace, n.name, n.gateway, h.id, h.name";

    private const string Rest = """
        JOIN networks n ON n.id = p.network_id LEFT JOIN hosts h ON h.id = v.host_id
        WHERE v.name = @vm AND p.name = @name ORDER BY p.deleting_since IS NOT NULL, v.deleting_since IS NOT NULL, p.created_at DESC LIMIT 1
        """;

    private const string OfVm = $"SELECT {Columns} FROM vms p JOIN vms v ON v.id = p.id {Rest}";
    private const string OfContainer = $"SELECT {Columns} FROM containers p JOIN vms v ON v.id = p.vm_id {Rest}";

    /// <summary>Returns the VM or container; null if it does not exist.</summary>
    public static async Task<CheckedPort?> FindAsync(NestDb db, CheckPath path, CancellationToken cancellationToken)
    {
        var found = await db.QueryAsync(
            path.Container is null ? OfVm : OfContainer,
            row => new CheckedPort(
                row.GetGuid(0),
                row.GetGuid(1),
                row.GetBoolean(2),
                Enum.Parse<Workload>(row.GetString(3)),
                row.GetString(4),
                row.GetString(5),
                row.IsDBNull(6) ? null : Ipv4.From(row.GetFieldValue<System.Net.IPAddress>(6)),
                row.IsDBNull(7) ? null : (row.GetGuid(7), row.GetString(8))
            ),
            cancellationToken,
            ("vm", path.Vm),
            ("name", path.Container ?? path.Vm)
        );
        return found.FirstOrDefault();
    }

    /// <summary>Returns the host whose agent can run a check, or why no agent can.</summary>
    public Answer<(Guid Id, string Name)> HostOfCheck(CheckPath path)
    {
        if (IsDeleting)
        {
            return Problem.BeingDeleted($"{path} is being deleted.");
        }

        if (Workload != Workload.Namespace)
        {
            return Problem.NotCheckable(
                $"{path} has workload {Workload.ToString().ToLowerInvariant()}: the agent checks only from namespaces that it created."
            );
        }

        return Host is { } host ? host : Problem.NotCheckable($"VM {path.Vm} has no host: set spec.host of the VM.");
    }
}
