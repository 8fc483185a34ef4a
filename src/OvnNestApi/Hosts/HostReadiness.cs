using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>Conditions of hosts. A host has no rows in the NB, so it is ready, silent or being deleted.</summary>
internal sealed class HostReadiness() : KindReadiness<Host>("host")
{
    public override Task<List<ConditionUpdate>> EvaluateAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<Host>();
        return db.QueryAsync(
            $"""
            SELECT {table.Columns("h")}, (SELECT count(*)::int FROM placements p WHERE p.host_id = h.id)
                    + (SELECT count(*)::int FROM leftovers l WHERE l.host_id = h.id) AS pending
            FROM hosts h WHERE h.id = ANY(@ids)
            """,
            row =>
            {
                var host = table.Read(row);
                var pending = $"The host is being deleted. It has not confirmed the removal of {row.Number("pending")} resources yet.";
                return new ConditionUpdate(host, host.DeletingSince is null ? (Reason.Ready, "") : (Reason.Deleting, pending));
            },
            cancellationToken,
            ("ids", ids)
        );
    }

    public override string Counted(NestDb db) =>
        """
            SELECT 'host', CASE WHEN deleting_since IS NULL THEN 'Ready' ELSE 'Deleting' END, false, id, labels, NULL, id FROM hosts
            """;

    public override Reason Current(Liveness present, Reason stored, bool isDirty, Guid? host) => present.OfHost(stored, host);
}
