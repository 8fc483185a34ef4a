using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>The numbers by which hosts tell how far their flows have followed the NB.</summary>
internal static class Barriers
{
    /// <summary>
    /// A database that was replaced counts from the beginning again. What waits for a number that it has not reached would wait without
    /// end: the tags
    /// are seen to be gone anew. And a host whose flows are still those of the former database has a number that the new one will come to:
    /// so the new
    /// one counts on above all that hosts have told.
    /// </summary>
    public static async Task RepairAsync(NestDb db, NorthboundDb nb, bool mayWrite, CancellationToken cancellationToken)
    {
        if (nb.NbCfg is not { } nbCfg)
        {
            return;
        }

        await db.Database.ExecuteSqlAsync(
            $"UPDATE vlan_leases SET drain_nb_cfg = NULL WHERE state = 'Draining' AND drain_nb_cfg > {nbCfg}",
            cancellationToken
        );
        var told = await db
            .Database.SqlQuery<long?>(
                $"""SELECT greatest((SELECT max(nb_cfg) FROM host_status), (SELECT hv_cfg FROM leader)) AS "Value" """
            )
            .SingleAsync(cancellationToken);
        if (mayWrite && told > nbCfg)
        {
            await nb.CountOnAsync(told.Value - nbCfg, cancellationToken);
        }
    }
}
