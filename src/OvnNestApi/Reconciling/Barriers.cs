using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Repairs the barriers (values of <c>nb_cfg</c>) after the NB was replaced.</summary>
internal static class Barriers
{
    /// <summary>
    /// A replaced database counts <c>nb_cfg</c> from the start again. This has two consequences. A lease that waits for a value that the
    /// new database has not reached would wait forever, so its removal from the NB is proved again. A host whose flows come from the former
    /// database reports a value that the new database will reach only later, so <c>nb_cfg</c> is increased to the highest value that any
    /// host has reported.
    /// </summary>
    /// <param name="mayWrite">True if the mode permits writing to the NB.</param>
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
        var highest = await db
            .Database.SqlQuery<long?>(
                $"""SELECT greatest((SELECT max(nb_cfg) FROM host_status), (SELECT hv_cfg FROM leader)) AS "Value" """
            )
            .SingleAsync(cancellationToken);
        if (mayWrite && highest > nbCfg)
        {
            await nb.IncreaseNbCfgAsync(highest.Value - nbCfg, cancellationToken);
        }
    }
}
