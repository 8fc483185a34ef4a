using Microsoft.EntityFrameworkCore;
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
        var table = db.Table(typeof(T));
        var ids = $"SELECT id FROM {table} WHERE name = ANY({{0}}){(also is null ? "" : $" UNION ALL {also.Ids}")}";
#pragma warning disable EF1002 // Everything but the names is a constant.
        return db.Set<T>()
            .FromSqlRaw($"SELECT * FROM {table} WHERE id IN ({ids}) ORDER BY id FOR {strength}", names, also?.Parameter ?? names)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
#pragma warning restore EF1002
    }

    /// <summary>Returns the name of the table of a kind.</summary>
    public static string Table(this NestDb db, Type resource) =>
        db.Model.FindEntityType(resource)?.GetTableName() ?? throw new InvalidOperationException($"{resource} is not in the model.");
}

/// <summary>Rows to lock in addition to those with certain names.</summary>
/// <param name="Ids">SELECT statement for their ids, with the parameter {1}.</param>
/// <param name="Parameter">Value of the parameter.</param>
/// <param name="ForWrite">True if the write may change them.</param>
internal sealed record LockedIds(string Ids, object Parameter, bool ForWrite);
