using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Marks resources as dirty whose NB rows may have to change, in the transaction of the change.</summary>
internal static class DirtyMarks
{
    /// <summary>
    /// Marks networks, their VMs, their containers and their routers. First locks the VMs by id, as every writer of several VMs does.
    /// </summary>
    public static async Task MarkNetworksAsync(this NestDb db, IReadOnlyCollection<Guid> networks, CancellationToken cancellationToken)
    {
        if (networks.Count == 0)
        {
            return;
        }

        var ids = networks.ToArray();
        await db.Database.ExecuteSqlAsync(
            $"""
            SELECT id FROM vms WHERE network_id = ANY({ids}) OR id IN (SELECT vm_id FROM containers
                WHERE network_id = ANY({ids})) ORDER BY id FOR NO KEY UPDATE;
            UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE id = ANY({ids});
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE network_id = ANY({ids});
            UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE network_id = ANY({ids});
            UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id IN (
                SELECT id FROM routers WHERE id IN (SELECT router_id FROM networks WHERE id = ANY({ids}))
                ORDER BY id FOR NO KEY UPDATE);
            """,
            cancellationToken
        );
    }

    /// <summary>Marks VMs and their containers. First locks the VMs by id.</summary>
    public static async Task MarkVmsAsync(this NestDb db, IReadOnlyCollection<Guid> vms, CancellationToken cancellationToken)
    {
        if (vms.Count == 0)
        {
            return;
        }

        var ids = vms.ToArray();
        await db.Database.ExecuteSqlAsync(
            $"""
            SELECT id FROM vms WHERE id = ANY({ids}) ORDER BY id FOR NO KEY UPDATE;
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE id = ANY({ids});
            UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE vm_id = ANY({ids});
            """,
            cancellationToken
        );
    }

    /// <summary>Marks routers.</summary>
    public static Task MarkRoutersAsync(this NestDb db, Guid[] routers, CancellationToken cancellationToken) =>
        routers.Length == 0
            ? Task.CompletedTask
            : db.ExecuteAsync(
                "UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@routers)",
                cancellationToken,
                ("routers", routers)
            );

    /// <summary>Marks the routers of these networks.</summary>
    public static Task MarkRoutersOfAsync(this NestDb db, Guid[] networks, CancellationToken cancellationToken) =>
        db.ExecuteAsync(
            """
            UPDATE routers SET dirty_seq = nextval('dirty_seq')
            WHERE id IN (SELECT router_id FROM networks WHERE id = ANY(@networks))
            """,
            cancellationToken,
            ("networks", networks)
        );
}
