using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>What a body refers to by name.</summary>
internal static class References
{
    /// <summary>
    /// The living object of that name, locked by <paramref name="incarnations"/> against deletion until the transaction ends.
    /// </summary>
    /// <param name="incarnations">All rows of the name, the newest first.</param>
    /// <returns>The object, or 409 <c>reference-missing</c> or <c>being-deleted</c>.</returns>
    public static async Task<Answer<T>> LockAsync<T>(
        IQueryable<T> incarnations,
        string kind,
        string name,
        string pointer,
        CancellationToken cancellationToken
    )
        where T : Resource
    {
        var rows = await incarnations.ToListAsync(cancellationToken);
        if (rows.Find(row => row.DeletingSince is null) is { } living)
        {
            return living;
        }

        return rows.Count > 0
            ? Problem.BeingDeleted($"The {kind} {name} is being deleted.", pointer)
            : Problem.ReferenceMissing(pointer, kind, name);
    }
}
