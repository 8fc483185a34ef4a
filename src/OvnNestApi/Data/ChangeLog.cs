using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Adds to the log of changes, as part of the change's own transaction.</summary>
internal static class ChangeLog
{
    /// <summary>
    /// Adds a row in the name of <see cref="NestDb.Actor"/>. The caller holds the object's row lock, so that one object's rows stay in
    /// order.
    /// </summary>
    /// <param name="before">What could be written of the object before, as JSON; null for a creation.</param>
    /// <param name="after">What can be written of it after, as JSON; null for a deletion.</param>
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
