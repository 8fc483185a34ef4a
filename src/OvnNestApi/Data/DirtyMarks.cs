using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Marks resources as dirty whose NB rows may have to change, in the transaction of the change.</summary>
internal static class DirtyMarks
{
    /// <summary>
    /// Marks a network, its VMs, its containers and its router. First locks the VMs by id, as every writer of several VMs does.
    /// </summary>
    public static async Task MarkNetworkAsync(this NestDb db, Guid network, CancellationToken cancellationToken) =>
        await db.Database.ExecuteSqlAsync(
            $"""
            SELECT id FROM vms WHERE network_id = {network} OR id IN (SELECT vm_id FROM containers
                WHERE network_id = {network}) ORDER BY id FOR NO KEY UPDATE;
            UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE id = {network};
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE network_id = {network};
            UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE network_id = {network};
            UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = (SELECT router_id FROM networks WHERE id = {network});
            """,
            cancellationToken
        );

    /// <summary>Marks a VM and its containers.</summary>
    public static async Task MarkVmAsync(this NestDb db, Guid vm, CancellationToken cancellationToken) =>
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE id = {vm};
            UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE vm_id = {vm};
            """,
            cancellationToken
        );

    /// <summary>Returns a new dirty mark, for a resource that the transaction writes anyway.</summary>
    public static async Task<long> NextDirtySeqAsync(this NestDb db, CancellationToken cancellationToken) =>
        await db.Database.SqlQuery<long>($"""SELECT nextval('dirty_seq') AS "Value" """).SingleAsync(cancellationToken);
}
