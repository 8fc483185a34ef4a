using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Reads and locks the rows of resources.</summary>
internal static class Locks
{
    /// <summary>Reads and locks all incarnations of some names, in the order of their ids.</summary>
    /// <param name="strength">Lock of PostgreSQL, such as "NO KEY UPDATE".</param>
    /// <param name="also">More rows to lock; null if there are none.</param>
    /// <returns>The rows, not tracked.</returns>
    public static Task<List<T>> LockAsync<T>(
        this NestDb db,
        string[] names,
        string strength,
        LockedIds? also,
        CancellationToken cancellationToken
    )
        where T : Resource
    {
        var ids = $"SELECT id FROM {db.EntityTable<T>().Name} WHERE name = ANY(@names){(also is null ? "" : $" UNION ALL {also.Ids}")}";
        return db.SelectAsync<T>(
            $"WHERE id IN ({ids}) ORDER BY id FOR {strength}",
            cancellationToken,
            [("names", names), .. also is null ? [] : new (string, object?)[] { ("also", also.Parameter) }]
        );
    }
}

/// <summary>Rows to lock in addition to those with certain names.</summary>
/// <param name="Ids">SELECT statement for their ids, with the parameter @also.</param>
/// <param name="Parameter">Value of the parameter.</param>
/// <param name="ForWrite">True if the write may change them.</param>
internal sealed record LockedIds(string Ids, object Parameter, bool ForWrite);
