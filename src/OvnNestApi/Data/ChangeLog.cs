using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Writes the change log, in the transaction of the change and in the name of <see cref="NestDb.Actor"/>.</summary>
internal static class ChangeLog
{
    /// <summary>
    /// Returns an entry. The caller must hold the row lock of the resource when it is written, so that the entries of one resource are in
    /// order.
    /// </summary>
    /// <param name="before">Writable fields before the change, as JSON; null for a creation.</param>
    /// <param name="after">Writable fields after the change, as JSON; null for a deletion.</param>
    public static Change Entry(NestDb db, string kind, string? vm, string name, Guid id, string action, string? before, string? after) =>
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
        };

    /// <summary>Adds one entry, which is stored with the other tracked changes.</summary>
    public static void Add(NestDb db, string kind, string? vm, string name, Guid id, string action, string? before, string? after) =>
        db.Changes.Add(Entry(db, kind, vm, name, id, action, before, after));
}
