using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>Marks networks and routers as dirty whose NB rows may have to change, in the transaction of the change.</summary>
internal static class NetworkMarks
{
    /// <summary>
    /// Statements that mark the networks in <c>@ids</c>, their VMs, their containers and their routers. The VMs are locked by id first, as
    /// every writer of several VMs does.
    /// </summary>
    public const string OfNetworks = """
        SELECT id FROM vms WHERE network_id = ANY(@ids) OR id IN (SELECT vm_id FROM containers
            WHERE network_id = ANY(@ids)) ORDER BY id FOR NO KEY UPDATE;
        UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@ids);
        UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE network_id = ANY(@ids);
        UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE network_id = ANY(@ids);
        UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id IN (
            SELECT id FROM routers WHERE id IN (SELECT router_id FROM networks WHERE id = ANY(@ids))
            ORDER BY id FOR NO KEY UPDATE)
        """;

    /// <summary>Marks networks, their VMs, their containers and their routers.</summary>
    public static Task MarkNetworksAsync(this NestDb db, Guid[] networks, CancellationToken cancellationToken) =>
        networks.Length == 0 ? Task.CompletedTask : db.ExecuteAsync(OfNetworks, cancellationToken, ("ids", networks));

    /// <summary>Marks routers.</summary>
    public static Task MarkRoutersAsync(this NestDb db, Guid[] routers, CancellationToken cancellationToken) =>
        routers.Length == 0
            ? Task.CompletedTask
            : db.ExecuteAsync(
                "UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@routers)",
                cancellationToken,
                ("routers", routers)
            );

    /// <summary>Marks a network or router that is being deleted, so that its rows are deleted with what other clients have added.</summary>
    /// <returns>False if the resource is not being deleted.</returns>
    public static async Task<bool> ForceDeletionAsync(this NestDb db, string table, Guid id, CancellationToken cancellationToken) =>
        await db.ExecuteAsync(
            $"UPDATE {table} SET deletion_forced = true, dirty_seq = nextval('dirty_seq') WHERE id = @id AND deleting_since IS NOT NULL",
            cancellationToken,
            ("id", id)
        ) > 0;

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
