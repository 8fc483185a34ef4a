using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Stores what hosts report. A report without news costs two queries and no write.</summary>
internal sealed class ReportIntake(Transactions transactions, Settlement settlement, Readiness readiness)
{
    private const string ReportRows = """
        said AS (
            SELECT * FROM unnest(@ids::uuid[], @digests::text[], @errors::text[], @addresses::text[], @installed::boolean[])
                AS s (id, digest, error, address, installed)),
        present_tags AS (SELECT * FROM unnest(@tagvms::uuid[], @tags::int[]) AS t (vm, tag))
        """;

    private const string IsChanged =
        "(p.digest, p.error, p.address, p.ovn_installed) IS DISTINCT FROM (s.digest, s.error, s.address, coalesce(s.installed, false))";

    private const string IsConfirmed = "NOT p.wanted AND p.object_id = ANY(@removed) AND p.revision <= @applied";

    private const string IsLeftoverConfirmed = "l.host_id = @host AND l.object_id = ANY(@removed) AND l.revision <= @applied";

    // Released tags that the applied work no longer contains, and whether a port on the VM's bridge still has them.
    private const string ReleasedTags = """
        SELECT o.lease_id, o.host_id, l.vm_id, l.drain_nb_cfg, (l.vm_id, l.tag) NOT IN (SELECT vm, tag FROM present_tags) AS clear,
            NOT l.vm_id = ANY(@attached) AS detached
        FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host AND o.after_revision <= @applied
        """;

    /// <summary>Resources that the report changes, and VMs with tags that may be drained after it. Rows: VM, resource or null.</summary>
    private const string News = $"""
        WITH {ReportRows}
        SELECT p.vm_id, p.object_id FROM placements p LEFT JOIN said s ON s.id = p.object_id WHERE p.host_id = @host AND p.wanted
            AND {IsChanged}
        UNION ALL
        SELECT p.vm_id, p.vm_id FROM placements p WHERE p.host_id = @host AND {IsConfirmed}
        UNION ALL
        SELECT l.object_id, l.object_id FROM leftovers l WHERE {IsLeftoverConfirmed}
        UNION ALL
        SELECT n.vm_id, NULL FROM ({ReleasedTags}) n JOIN lease_holds o ON o.lease_id = n.lease_id AND o.host_id = n.host_id
        WHERE (o.clear, o.detached) IS DISTINCT FROM (n.clear, n.detached) OR (o.clear AND n.drain_nb_cfg <= @nbcfg::bigint)
        UNION ALL
        SELECT f.vm, NULL FROM ({ForeignTags.OnHost}) f
        """;

    private const string Lock = "SELECT id FROM vms WHERE id = ANY(@vms) ORDER BY id FOR NO KEY UPDATE";

    private const string Write = $"""
        WITH {ReportRows}
        UPDATE placements p SET digest = s.digest, error = s.error, address = s.address, ovn_installed = coalesce(s.installed, false)
        FROM placements q LEFT JOIN said s ON s.id = q.object_id
        WHERE q.host_id = @host AND p.host_id = q.host_id AND p.object_id = q.object_id AND p.wanted AND {IsChanged};
        DELETE FROM placements p WHERE p.host_id = @host AND {IsConfirmed};
        DELETE FROM leftovers l WHERE {IsLeftoverConfirmed};
        WITH {ReportRows}
        UPDATE lease_holds o SET clear = n.clear, detached = n.detached FROM ({ReleasedTags}) n
        WHERE o.lease_id = n.lease_id AND o.host_id = n.host_id AND (o.clear, o.detached) IS DISTINCT FROM (n.clear, n.detached);
        INSERT INTO host_status (host_id, seen_at, system_id, nb_cfg, tunnel_mtu, applied_revision, unknown)
        SELECT id, now(), @systemid::text, @nbcfg::bigint, @tunnelmtu::int, greatest(@applied, 0), @unknown FROM hosts WHERE id = @host
        ON CONFLICT (host_id) DO UPDATE SET seen_at = now(), system_id = excluded.system_id, nb_cfg = excluded.nb_cfg,
            tunnel_mtu = excluded.tunnel_mtu, applied_revision = excluded.applied_revision, unknown = excluded.unknown
        """;

    private static readonly string RecordTags = ForeignTags.RecordOnHost(ReportRows);

    private const string VmsOfHost = "SELECT id FROM vms WHERE host_id = @host";

    /// <summary>
    /// Ends the adoption of resources whose work the host has confirmed: from then on, all their items there have owner marks. Rows: id,
    /// and whether it is a container.
    /// </summary>
    private const string EndAdoption = """
        WITH confirmed AS (
            SELECT object_id FROM placements WHERE host_id = @host AND object_id = ANY(@news) AND wanted AND digest IS NOT NULL),
        v AS (UPDATE vms SET adopting = false WHERE adopting AND id IN (SELECT object_id FROM confirmed) RETURNING id),
        c AS (UPDATE containers SET adopting = false WHERE adopting AND id IN (SELECT object_id FROM confirmed) RETURNING id)
        SELECT id, false FROM v UNION ALL SELECT id, true FROM c
        """;

    private const string MarkVmsOfHost = """
        UPDATE vms SET dirty_seq = nextval('dirty_seq')
        WHERE id IN (SELECT v.id FROM vms v JOIN hosts h ON h.id = v.host_id WHERE h.id = @host AND h.chassis IS NULL
            ORDER BY v.id FOR NO KEY UPDATE OF v)
        """;

    /// <summary>Stores a report in a transaction of its own.</summary>
    /// <param name="host">Host whose credential sent the report. Only its own rows change, whatever ids the report contains.</param>
    /// <param name="session">Session of the agent that sent the report; null if it has none.</param>
    /// <returns>
    /// True if the report contained news. 409 <c>session-superseded</c> if another agent has taken over the host; 409
    /// <c>host-identity</c> if the host is bound to another <c>system-id</c>.
    /// </returns>
    public async Task<Answer<bool>> TakeAsync(
        NestDb db,
        Guid host,
        HostReport report,
        SessionToken? session,
        CancellationToken cancellationToken
    )
    {
        var stored = await ReadHostAsync(db, host, cancellationToken);
        if (await RefuseAsync(db, host, stored, report, session, cancellationToken) is { } refused)
        {
            return refused;
        }

        var reported = new Reported(host, report, AppliedRevision(report, stored));
        if (HasSameStatus(stored.Status, reported) && (await NewsAsync(db, reported, cancellationToken)).Count == 0)
        {
            return false;
        }

        var isOtherChassis = stored.Status?.SystemId != reported.SystemId;
        var isOtherMtu = stored.Status?.TunnelMtu != reported.TunnelMtu;
        return await transactions.RunAsync<bool>(
            db,
            async token =>
            {
                if (SessionToken.Check(session, await LockStatusAsync(db, host, token), stored.Name) is { } late)
                {
                    return late;
                }

                await StoreAsync(db, host, reported, isOtherChassis, isOtherMtu, token);
                return true;
            },
            cancellationToken
        );
    }

    private static async Task<Problem?> RefuseAsync(
        NestDb db,
        Guid host,
        StoredHost stored,
        HostReport report,
        SessionToken? session,
        CancellationToken cancellationToken
    )
    {
        if (SessionToken.Check(session, stored.Status, stored.Name) is { } superseded)
        {
            return superseded;
        }

        var other = AgentSessions.CheckIdentity(stored.Status, report.SystemId, stored.Name);
        if (other is not null)
        {
            await AgentSessions.RefuseAsync(db, host, other, cancellationToken);
        }

        return other;
    }

    /// <summary>Locks the status: a session that is opened at the same time waits for the report, or is seen here.</summary>
    private static Task<HostStatus?> LockStatusAsync(NestDb db, Guid host, CancellationToken cancellationToken) =>
        db
            .HostStatus.FromSql($"SELECT * FROM host_status WHERE host_id = {host} FOR NO KEY UPDATE")
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);

    private static Task<StoredHost> ReadHostAsync(NestDb db, Guid host, CancellationToken cancellationToken) =>
        (
            from h in db.Hosts
            from s in db.HostStatus.Where(s => s.HostId == h.Id).DefaultIfEmpty()
            where h.Id == host
            select new StoredHost(h.Name, h.WorkRevision, db.Leader.Single().Installation, s)
        )
            .AsNoTracking()
            .SingleAsync(cancellationToken);

    /// <summary>
    /// Returns the revision of the work that the host has applied. -1 for work of another installation, or for a revision that is lost
    /// because an older database was restored.
    /// </summary>
    private static long AppliedRevision(HostReport report, StoredHost stored) =>
        WorkCursor.Parse(report.Cursor) is { } cursor
        && cursor.Installation == stored.Installation
        && cursor.Revision <= stored.WorkRevision
            ? cursor.Revision
            : -1;

    private static bool HasSameStatus(HostStatus? status, Reported reported) =>
        status is not null
        && status.SystemId == reported.SystemId
        && status.NbCfg == reported.NbCfg
        && status.TunnelMtu == reported.TunnelMtu
        && status.AppliedRevision == Math.Max(reported.Applied, 0)
        && status.Unknown.SequenceEqual(reported.Unknown);

    private async Task StoreAsync(
        NestDb db,
        Guid host,
        Reported reported,
        bool isOtherChassis,
        bool isOtherMtu,
        CancellationToken cancellationToken
    )
    {
        var news = await NewsAsync(db, reported, cancellationToken);
        if (isOtherMtu)
        {
            news.AddRange(
                await db.QueryAsync(VmsOfHost, row => (row.GetGuid(0), (Guid?)row.GetGuid(0)), cancellationToken, ("host", host))
            );
        }

        var vms = news.Select(n => n.Vm).Distinct().ToArray();
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, ("vms", vms));
        await db.ExecuteAsync(
            Write,
            cancellationToken,
            [.. reported.Parameters, ("systemid", reported.SystemId), ("tunnelmtu", reported.TunnelMtu), ("unknown", reported.Unknown)]
        );
        await db.ExecuteAsync(RecordTags, cancellationToken, reported.Parameters);
        if (isOtherChassis)
        {
            await db.ExecuteAsync(MarkVmsOfHost, cancellationToken, ("host", host));
        }

        await EndAdoptionAsync(db, host, [.. news.Select(n => n.Resource).OfType<Guid>().Distinct()], cancellationToken);
        await settlement.SettleAsync(db, vms, cancellationToken);
        await readiness.EvaluateAsync(db, [.. news.Select(n => n.Resource).OfType<Guid>().Distinct(), host], cancellationToken);
    }

    private static async Task EndAdoptionAsync(NestDb db, Guid host, Guid[] news, CancellationToken cancellationToken)
    {
        var ended = await db.QueryAsync(
            EndAdoption,
            row => (Id: row.GetGuid(0), IsContainer: row.GetBoolean(1)),
            cancellationToken,
            ("host", host),
            ("news", news)
        );
        // The host gets its work again, without the permission to take anything over.
        var containers = ended.Where(one => one.IsContainer).Select(one => one.Id).ToList();
        await PlacementWriter.RefreshAsync(
            db,
            [.. ended.Where(one => !one.IsContainer).Select(one => one.Id)],
            containers,
            cancellationToken
        );
    }

    private static Task<List<(Guid Vm, Guid? Resource)>> NewsAsync(NestDb db, Reported reported, CancellationToken cancellationToken) =>
        db.QueryAsync(
            News,
            row => (row.GetGuid(0), row.IsDBNull(1) ? (Guid?)null : row.GetGuid(1)),
            cancellationToken,
            reported.Parameters
        );

    private sealed record StoredHost(string Name, long WorkRevision, Guid Installation, HostStatus? Status);
}
