using OvnNestApi.Data;
using OvnNestApi.Networks;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;
using OvnNestApi.Vms;

namespace OvnNestApi.Containers;

/// <summary>
/// The packets of a container pass the device of its VM, so the MTU of its network must not be larger than that of the VM's network. The
/// tag does not count: a device carries it in addition to its MTU.
/// </summary>
internal static class ParentMtu
{
    private const int MaxNamed = 10;

    // New values are not stored yet. Containers without a network of their own follow their VM.
    private const string FindTooLarge = """
        SELECT c.name || ' of VM ' || v.name, coalesce(cc.mtu, cn.mtu), coalesce(m.mtu, vc.mtu, vn.mtu), cc.id, vc.id, m.id
        FROM containers c JOIN vms v ON v.id = c.vm_id JOIN networks cn ON cn.id = c.network_id JOIN networks vn ON vn.id = v.network_id
        LEFT JOIN unnest(@networks, @mtus) AS cc (id, mtu) ON cc.id = cn.id
        LEFT JOIN unnest(@networks, @mtus) AS vc (id, mtu) ON vc.id = vn.id
        LEFT JOIN unnest(@vms, @vmmtus) AS m (id, mtu) ON m.id = v.id
        WHERE c.id IN (
                SELECT id FROM containers WHERE network_id = ANY(@networks) OR vm_id = ANY(@vms)
                UNION ALL SELECT o.id FROM vms p JOIN containers o ON o.vm_id = p.id WHERE p.network_id = ANY(@networks))
            AND c.deleting_since IS NULL AND c.id <> ALL(@changing) AND (m.id IS NULL OR c.spec ->> 'network' IS NOT NULL)
            AND coalesce(cc.mtu, cn.mtu) > coalesce(m.mtu, vc.mtu, vn.mtu)
        ORDER BY v.name, c.name
        """;

    /// <summary>Returns the problem of a container whose network has a larger MTU than that of its VM; null if it has none.</summary>
    public static Problem? FindProblem(Network network, Network ofVm) =>
        network.Mtu <= ofVm.Mtu
            ? null
            : Problem.ValidationFailed(
                "#/spec/network",
                $"network {network.Name} has an MTU of {network.Mtu}, larger than the {ofVm.Mtu} of the VM's network {ofVm.Name}, through "
                    + "whose device all packets of the container pass; choose another network, or change dhcp.mtu of one of the two"
            );

    /// <summary>Checks the stored containers of networks with a new MTU, and of VMs that move to another network.</summary>
    /// <param name="changing">Containers of the same write, which are checked one by one.</param>
    public static async Task CheckStoredAsync(
        NestDb db,
        IReadOnlyDictionary<Guid, WriteItem<Network, NetworkSpec>> networks,
        IReadOnlyDictionary<Guid, WriteItem<Vm, VmSpec>> moving,
        Guid[] changing,
        CancellationToken cancellationToken
    )
    {
        if (networks.Count + moving.Count == 0)
        {
            return;
        }

        var tooLarge = await db.QueryAsync(
            FindTooLarge,
            row =>
                (
                    Text: $"{row.GetString(0)} ({row.GetInt32(1)} > {row.GetInt32(2)})",
                    Causes: Enumerable.Range(3, 3).Select(i => row.IsDBNull(i) ? Guid.Empty : row.GetGuid(i)).ToArray()
                ),
            cancellationToken,
            ("networks", networks.Keys.ToArray()),
            ("mtus", networks.Values.Select(item => item.Target?.Mtu ?? 0).ToArray()),
            ("vms", moving.Keys.ToArray()),
            ("vmmtus", moving.Values.Select(item => item.The<Network>().Mtu).ToArray()),
            ("changing", changing)
        );
        foreach (var (id, item) in networks)
        {
            Fail(item, "#/spec/dhcp/mtu", [.. tooLarge.Where(one => one.Causes.Contains(id)).Select(one => one.Text)]);
        }

        foreach (var (id, item) in moving)
        {
            Fail(item, "#/spec/network", [.. tooLarge.Where(one => one.Causes.Contains(id)).Select(one => one.Text)]);
        }
    }

    private static void Fail(WriteItem item, string pointer, string[] containers)
    {
        if (containers.Length > 0)
        {
            var more = containers.Length > MaxNamed ? $" and {containers.Length - MaxNamed} more" : "";
            item.Fail(
                Problem.Immutable(
                    pointer,
                    "Containers would have a larger MTU than the network of their VM, through whose device their packets pass: "
                        + $"{string.Join(", ", containers.Take(MaxNamed))}{more}."
                )
            );
        }
    }
}
