using OvnNestApi.Allocation;
using OvnNestApi.Data;

namespace OvnNestApi.VlanLeases;

/// <summary>
/// Deletes entries of the tag history that are older than <see cref="LeaseOptions.KeepHistory"/>, except the latest entry of each tag of an
/// existing VM.
/// </summary>
internal static class HistoryRetention
{
    private const string Prune = """
        DELETE FROM vlan_history WHERE id IN (
            SELECT id FROM vlan_history h
            WHERE h.until < now() - $1
              AND (NOT EXISTS (SELECT FROM vms v WHERE v.id = h.vm_id)
                   OR EXISTS (SELECT FROM vlan_history later WHERE later.vm_id = h.vm_id AND later.tag = h.tag AND later.id > h.id))
            LIMIT $2)
        """;

    public static Retention Of(TimeSpan keep) => new("history of tags", Prune, keep);
}
