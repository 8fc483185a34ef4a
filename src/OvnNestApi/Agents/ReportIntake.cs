using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Takes in what hosts report. A report that says nothing new costs two queries and no write.</summary>
internal sealed class ReportIntake(Transactions transactions, Settlement settlement)
{
    private const string Said = """
        said AS (
            SELECT * FROM unnest(@ids::uuid[], @digests::text[], @errors::text[], @addresses::text[], @installed::boolean[])
                AS s (id, digest, error, address, installed)),
        borne AS (SELECT * FROM unnest(@tagvms::uuid[], @tags::int[]) AS t (vm, tag))
        """;

    private const string SaysOther =
        "(p.digest, p.error, p.address, p.ovn_installed) IS DISTINCT FROM (s.digest, s.error, s.address, coalesce(s.installed, false))";

    private const string IsConfirmed = "NOT p.wanted AND p.object_id = ANY(@removed) AND p.revision <= @applied";

    // What the bridges show of a tag that the applied work does not contain any more.
    private const string Shown = """
        SELECT o.lease_id, o.host_id, l.vm_id, l.drain_nb_cfg, (l.vm_id, l.tag) NOT IN (SELECT vm, tag FROM borne) AS clear,
            NOT l.vm_id = ANY(@attached) AS detached
        FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host AND o.after_revision <= @applied
        """;

    /// <summary>The objects and VMs of which the report says something new, or whose tags may have drained with it.</summary>
    private const string News = $"""
        WITH {Said}
        SELECT p.vm_id, p.object_id FROM placements p LEFT JOIN said s ON s.id = p.object_id WHERE p.host_id = @host AND p.wanted
            AND {SaysOther}
        UNION ALL
        SELECT p.vm_id, p.vm_id FROM placements p WHERE p.host_id = @host AND {IsConfirmed}
        UNION ALL
        SELECT n.vm_id, NULL FROM ({Shown}) n JOIN lease_holds o ON o.lease_id = n.lease_id AND o.host_id = n.host_id
        WHERE (o.clear, o.detached) IS DISTINCT FROM (n.clear, n.detached) OR (o.clear AND n.drain_nb_cfg <= @nbcfg::bigint)
        """;

    private const string Lock = "SELECT id FROM vms WHERE id = ANY(@vms) ORDER BY id FOR NO KEY UPDATE";

    private const string Write = $"""
        WITH {Said}
        UPDATE placements p SET digest = s.digest, error = s.error, address = s.address, ovn_installed = coalesce(s.installed, false)
        FROM placements q LEFT JOIN said s ON s.id = q.object_id
        WHERE q.host_id = @host AND p.host_id = q.host_id AND p.object_id = q.object_id AND p.wanted AND {SaysOther};
        DELETE FROM placements p WHERE p.host_id = @host AND {IsConfirmed};
        WITH {Said}
        UPDATE lease_holds o SET clear = n.clear, detached = n.detached FROM ({Shown}) n
        WHERE o.lease_id = n.lease_id AND o.host_id = n.host_id AND (o.clear, o.detached) IS DISTINCT FROM (n.clear, n.detached);
        INSERT INTO host_status (host_id, seen_at, system_id, nb_cfg, applied_revision, unknown)
        SELECT id, now(), @systemid::text, @nbcfg::bigint, greatest(@applied, 0), @unknown FROM hosts WHERE id = @host
        ON CONFLICT (host_id) DO UPDATE SET seen_at = now(), system_id = excluded.system_id, nb_cfg = excluded.nb_cfg,
            applied_revision = excluded.applied_revision, unknown = excluded.unknown
        """;

    private const string OtherChassis = """
        UPDATE vms SET dirty_seq = nextval('dirty_seq')
        WHERE id IN (SELECT v.id FROM vms v JOIN hosts h ON h.id = v.host_id WHERE h.id = @host AND h.chassis IS NULL
            ORDER BY v.id FOR NO KEY UPDATE OF v)
        """;

    /// <summary>Takes a report in, in a transaction of its own.</summary>
    /// <param name="host">The host whose credential sent it: only its own rows are touched, whatever ids the report names.</param>
    /// <returns>True if the report said anything new.</returns>
    public async Task<Answer<bool>> TakeAsync(NestDb db, Guid host, HostReport report, CancellationToken cancellationToken)
    {
        var stored = await (
            from h in db.Hosts
            from s in db.HostStatus.Where(s => s.HostId == h.Id).DefaultIfEmpty()
            where h.Id == host
            select new
            {
                h.WorkRevision,
                db.Leader.Single().Installation,
                Status = s,
            }
        )
            .AsNoTracking()
            .SingleAsync(cancellationToken);

        // Work of another installation, or of a future that a restored database has forgotten, is no work of ours.
        var applied =
            WorkCursor.Parse(report.Cursor) is { } cursor
            && cursor.Installation == stored.Installation
            && cursor.Revision <= stored.WorkRevision
                ? cursor.Revision
                : -1;
        var reported = new Reported(host, report, applied);
        var isOtherChassis = stored.Status?.SystemId != reported.SystemId;
        var isOtherStatus =
            isOtherChassis
            || stored.Status is not { } status
            || status.NbCfg != reported.NbCfg
            || status.AppliedRevision != Math.Max(applied, 0)
            || !status.Unknown.SequenceEqual(reported.Unknown);
        if (!isOtherStatus && (await NewsAsync(db, reported, cancellationToken)).Count == 0)
        {
            return false;
        }

        return await transactions.RunAsync<bool>(
            db,
            async token =>
            {
                var news = await NewsAsync(db, reported, token);
                var vms = news.Select(n => n.Vm).Distinct().ToArray();
                await db.QueryAsync(Lock, row => row.GetGuid(0), token, ("vms", vms));
                await db.ExecuteAsync(
                    Write,
                    token,
                    [.. reported.Parameters, ("systemid", reported.SystemId), ("unknown", reported.Unknown)]
                );
                if (isOtherChassis)
                {
                    await db.ExecuteAsync(OtherChassis, token, ("host", host));
                }

                await settlement.SettleAsync(db, vms, token);
                await Readiness.EvaluateAsync(db, [.. news.Select(n => n.Object).OfType<Guid>().Distinct(), host], token);
                return true;
            },
            cancellationToken
        );
    }

    private static Task<List<(Guid Vm, Guid? Object)>> NewsAsync(NestDb db, Reported reported, CancellationToken cancellationToken) =>
        db.QueryAsync(
            News,
            row => (row.GetGuid(0), row.IsDBNull(1) ? (Guid?)null : row.GetGuid(1)),
            cancellationToken,
            reported.Parameters
        );
}
