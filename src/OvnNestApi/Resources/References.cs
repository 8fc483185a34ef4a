using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Resources that a body refers to by name.</summary>
internal static class References
{
    /// <summary>
    /// Returns the resource of that name that is not being deleted. The query locks it against deletion until the transaction ends.
    /// </summary>
    /// <param name="incarnations">Query that selects and locks all incarnations of the name.</param>
    /// <param name="kind">Name of the kind, for the problem.</param>
    /// <param name="pointer">JSON pointer to the reference in the body.</param>
    /// <returns>The resource, or 409 <c>reference-missing</c> or <c>being-deleted</c>.</returns>
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
        if (rows.Find(row => row.DeletingSince is null) is { } current)
        {
            return current;
        }

        return rows.Count > 0
            ? Problem.BeingDeleted($"The {kind} {name} is being deleted.", pointer)
            : Problem.ReferenceMissing(pointer, kind, name);
    }
}
