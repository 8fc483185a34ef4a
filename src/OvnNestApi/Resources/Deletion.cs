using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// Requests the deletion of resources and, with <paramref name="cascade"/>, of everything that depends on them. The rows are removed
/// later, when the northbound database and the hosts have confirmed the removal.
/// </summary>
/// <remarks>Belongs to one attempt of a transaction.</remarks>
/// <param name="kinds">All kinds of resources, in the lock order.</param>
/// <param name="cascade">True to delete dependent resources too; false to reject the deletion if there are any.</param>
/// <param name="force">
/// True not to wait for the confirmations of silent hosts, and to delete what other clients have added. Only an admin can request it.
/// </param>
internal sealed class Deletion(NestDb db, IReadOnlyList<ResourceKind> kinds, Settlement settlement, bool cascade, bool force)
{
    private const int MaxNamedDependents = 10;

    /// <summary>Requests the deletion of one resource.</summary>
    /// <param name="condition">Preconditions of the request.</param>
    public async Task<Answer<Deleted>> OneAsync(
        ResourceKind kind,
        ResourcePath path,
        Conditional condition,
        CancellationToken cancellationToken
    )
    {
        if (!(await kind.LockAsync(db, path, cancellationToken)).TryGet(out var target, out var problem))
        {
            return problem;
        }

        var isDeleting = target.Resource.DeletingSince is not null;
        problem = condition.Check(target.Resource) ?? (isDeleting ? null : await MarkAsync([target], cancellationToken));
        if (problem is not null)
        {
            return problem;
        }

        if (force)
        {
            await LogAsync([target], "forced", cancellationToken);
            await kind.ForceAsync(settlement, db, target.Resource.Id, cancellationToken);
        }

        return new Deleted(target.Resource.Id, HasChanged: force || !isDeleting);
    }

    /// <summary>Requests the deletion of locked resources that are not being deleted yet.</summary>
    /// <returns>Null, or 409 <c>in-use</c>.</returns>
    public async Task<Problem?> MarkAsync(IReadOnlyList<DeletionEntry> targets, CancellationToken cancellationToken)
    {
        var set = new DeletionSet();
        foreach (var target in targets)
        {
            set.Add(target);
            if (!cascade && !force && await target.Kind.CheckDeletionAsync(db, target.Resource, cancellationToken) is { } unconfirmed)
            {
                return unconfirmed;
            }
        }

        // In the lock order, so that each kind finds the resources on which its own depend.
        var dependents = new List<DeletionEntry>();
        foreach (var kind in kinds)
        {
            dependents.AddRange((await kind.LockDependentsAsync(db, set, cancellationToken)).Where(set.Add));
        }

        if (dependents.Count > 0 && !cascade)
        {
            return InUse(dependents);
        }

        await LogAsync(set.Entries, "deleting", cancellationToken);
        foreach (var kind in kinds)
        {
            if (set.Ids(kind.Name) is { Length: > 0 } ids)
            {
                await db.ExecuteAsync(Mark(kind), cancellationToken, ("ids", ids));
                await kind.FollowDeletionAsync(db, ids, cancellationToken);
            }
        }

        await PlacementWriter.RefreshAsync(db, set.Ids("vm"), set.Ids("container"), cancellationToken);
        return null;
    }

    private string Mark(ResourceKind kind) =>
        $"""
            UPDATE {kind.Table(db)} SET deleting_since = now(), updated_at = now(), dirty_seq = nextval('dirty_seq'),
                reason = 'Deleting', since = now(),
                message = 'The northbound database and the hosts have not confirmed the removal yet.'
            WHERE id = ANY(@ids)
            """;

    private Task LogAsync(IReadOnlyCollection<DeletionEntry> entries, string action, CancellationToken cancellationToken)
    {
        var rows = new Rows(db);
        rows.Insert(entries.Select(entry => Entry(entry, action)).ToList());
        return rows.FlushAsync(cancellationToken);
    }

    private Change Entry(DeletionEntry entry, string action) =>
        ChangeLog.Entry(
            db,
            entry.Kind.Name,
            entry.Vm,
            entry.Resource.Name,
            entry.Resource.Id,
            action,
            ResourceDocument.Of(entry.Resource),
            null
        );

    private static Problem InUse(List<DeletionEntry> dependents)
    {
        var more = dependents.Count > MaxNamedDependents ? $" and {dependents.Count - MaxNamedDependents} more" : "";
        var names = string.Join(", ", dependents.Take(MaxNamedDependents));
        return Problem.InUse($"In use by {names}{more}. Delete them first; a DELETE with ?cascade=true deletes them as well.");
    }
}

/// <summary>A resource whose deletion was requested.</summary>
/// <param name="Id">Id of the resource, which a forced deletion may have removed.</param>
/// <param name="HasChanged">True if the request has changed something.</param>
internal readonly record struct Deleted(Guid Id, bool HasChanged);
