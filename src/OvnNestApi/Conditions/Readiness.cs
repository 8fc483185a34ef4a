using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>Evaluates and stores the condition (<see cref="Resource.Reason"/>) of resources from their stored state.</summary>
/// <param name="kinds">All kinds of resources, in the lock order.</param>
internal sealed class Readiness(IEnumerable<KindReadiness> kinds)
{
    /// <summary>All kinds of resources, in the lock order.</summary>
    public IReadOnlyList<KindReadiness> Kinds { get; } = [.. kinds];

    /// <summary>
    /// Evaluates the resources with these ids (for a VM also its containers), and writes reason, message, since and observedAt where they
    /// have changed, with a change row of action "status". Part of the caller's transaction, which must have locked the rows of the VMs in
    /// an earlier statement: otherwise a result that is based on outdated rows could overwrite the result of a concurrent transaction.
    /// </summary>
    public async Task EvaluateAsync(NestDb db, IReadOnlyCollection<Guid> resourceIds, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);

        // The last kinds have the most resources, so they come first: an id that is found needs no search in the other tables.
        var (ids, found) = (resourceIds.ToHashSet(), new Stack<(KindReadiness Kind, List<ConditionUpdate> Updates)>());
        foreach (var kind in Kinds.Reverse())
        {
            if (ids.Count > 0)
            {
                var updates = await kind.EvaluateAsync(db, [.. ids], cancellationToken);
                ids.ExceptWith(updates.Select(update => update.Stored.Id));
                found.Push((kind, updates));
            }
        }

        // The last one found is on top of the stack, so this is the lock order.
        foreach (var (kind, updates) in found)
        {
            await ConditionWriter.WriteAsync(db, kind, updates, cancellationToken);
        }
    }
}
