using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>
/// Removal of items that a host reports as unknown: they carry the owner mark of this service, but no work mentions them. Only an admin can
/// decide that they are not needed.
/// </summary>
internal static class UnknownItems
{
    // The status lists each item as "bridge br-vm9, port vm9 (id)".
    private const string Remove = """
        WITH named AS (
            SELECT h.id FROM hosts h JOIN host_status s ON s.host_id = h.id
            WHERE h.name = @name AND h.deleting_since IS NULL
              AND EXISTS (SELECT FROM unnest(s.unknown) AS u (item) WHERE right(u.item, 38) = '(' || @id || ')')),
        revised AS (UPDATE hosts h SET work_revision = work_revision + 1 FROM named WHERE h.id = named.id RETURNING h.id, h.work_revision)
        INSERT INTO leftovers (host_id, object_id, kind, name, revision, interface, namespace, bridge)
        SELECT id, @id::uuid, 'Container', @id, work_revision, '', '', '' FROM revised
        ON CONFLICT (host_id, object_id) DO UPDATE SET revision = excluded.revision
        RETURNING host_id
        """;

    public static void MapUnknownItems(this IEndpointRouteBuilder api) =>
        api.MapDelete("/hosts/{host}/unknown/{id}", RemoveAsync)
            .WithTags("Agents")
            .RequireAuthorization(Policies.Admin)
            .Takes()
            .Describe(
                "remove-unknown",
                "Remove unknown items from a host",
                "The agent of the host removes what carries the owner mark with this id. `status.agent.unknown` of the host lists such "
                    + "items with their ids: they are not part of its work, for example because the host was deleted with `force` and "
                    + "enrolled again. 404 if the host does not report the id."
            );

    internal static async Task<Reply<NoContent>> RemoveAsync(
        string host,
        Guid id,
        NestDb db,
        Transactions transactions,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        var problem = await transactions.RunAsync(
            db,
            async token =>
            {
                var hosts = await db.QueryAsync(Remove, row => row.GetGuid(0), token, ("name", host), ("id", id.ToString()));
                if (hosts is not [var found])
                {
                    return Problem.NotFound($"The host {host} does not exist or does not report unknown items with the id {id}.");
                }

                db.TouchedHosts.Add(found);
                ChangeLog.Add(db, "host-unknown", null, host, id, "deleting", null, null);
                return null;
            },
            cancellationToken
        );
        if (problem is not null)
        {
            return problem;
        }

        signals.Written(db);
        return TypedResults.NoContent();
    }
}
