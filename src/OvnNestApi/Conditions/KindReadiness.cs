using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>How the conditions of one kind of resource are evaluated, counted and logged.</summary>
/// <param name="kind">Name of the kind in the change log.</param>
internal abstract class KindReadiness(string kind)
{
    /// <summary>Name of the kind in the change log.</summary>
    public string Kind => kind;

    /// <summary>Column with the id of the VM that the resources belong to; null if they belong to none.</summary>
    public virtual string? VmColumn => null;

    /// <summary>Returns the name of the kind's table.</summary>
    public abstract string Table(NestDb db);

    /// <summary>Evaluates the conditions of those of the resources that are of this kind, with a constant number of statements.</summary>
    public abstract Task<List<ConditionUpdate>> EvaluateAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a SELECT of what the counts need, for all resources of the kind: kind, reason, dirty, host (id of the host that the
    /// condition depends on), labels, vm (name of the VM to count it for), at (id of the host to count it for).
    /// </summary>
    public virtual string Counted(NestDb db) =>
        $"""
            SELECT '{kind}' AS kind, reason, dirty_seq > reconciled_seq AS dirty, NULL::uuid AS host, labels, NULL AS vm, NULL::uuid AS at
            FROM {Table(db)}
            """;

    /// <summary>Returns the current reason of a resource, given its stored reason.</summary>
    /// <param name="host">Host that the condition depends on; null if it depends on none.</param>
    public virtual Reason Current(Liveness present, Reason stored, bool isDirty, Guid? host) => present.Of(stored, isDirty, host);
}

/// <inheritdoc/>
/// <remarks>This class suits kinds whose resources have rows in the NB and nothing on hosts.</remarks>
internal class KindReadiness<T>(string kind) : KindReadiness(kind)
    where T : Resource
{
    public override string Table(NestDb db) => db.EntityTable<T>().Name;

    public override Task<List<ConditionUpdate>> EvaluateAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<T>();
        return db.QueryAsync(
            $"""
            SELECT {table.Columns("r")}, EXISTS (SELECT FROM {table.Name} p
                WHERE p.name = r.name AND p.id <> r.id AND p.deleting_since IS NOT NULL) AS replacing
            FROM {table.Name} r WHERE r.id = ANY(@ids)
            """,
            row =>
            {
                var resource = table.Read(row);
                var facts = PortFacts.Of(resource) with { IsReplacing = row.Flag("replacing"), HasDevice = false, IsUp = true };
                return new ConditionUpdate(resource, facts.Evaluate());
            },
            cancellationToken,
            ("ids", ids)
        );
    }
}
