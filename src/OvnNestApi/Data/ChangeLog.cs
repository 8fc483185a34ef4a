using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Writes the change log, in the transaction of the change.</summary>
internal static class ChangeLog
{
    /// <summary>
    /// Adds an entry in the name of <see cref="NestDb.Actor"/>. The caller must hold the row lock of the resource, so that the entries of
    /// one resource are in order.
    /// </summary>
    /// <param name="before">Writable fields before the change, as JSON; null for a creation.</param>
    /// <param name="after">Writable fields after the change, as JSON; null for a deletion.</param>
    public static void Add(NestDb db, string kind, string? vm, string name, Guid id, string action, string? before, string? after) =>
        db.Changes.Add(
            new()
            {
                By = db.Actor.By,
                RequestId = db.Actor.RequestId,
                Kind = kind,
                Vm = vm,
                Name = name,
                ObjectId = id,
                Action = action,
                Before = before,
                After = after,
            }
        );
}
