using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>A desired resource as it is read, and the recorded results of earlier passes.</summary>
internal readonly record struct DesiredRow(DesiredResource Resource, RecordedState Recorded);

/// <summary>What a pass needs to know of one kind of resource that has rows in the NB.</summary>
/// <param name="table">Name of the kind's table in PostgreSQL.</param>
internal abstract class ReconciledKind(OwnerKind kind, string table)
{
    /// <summary>The kind in owner marks.</summary>
    public OwnerKind Kind => kind;

    /// <summary>Name of the kind's table in PostgreSQL.</summary>
    public string Table => table;

    /// <summary>
    /// SQL condition: a pass that records the results of the resources in <c>@ids</c>, of any kind, locks this row; null if it locks none.
    /// </summary>
    public virtual string? IsLocked => "id = ANY(@ids)";

    /// <summary>SQL condition: the resource depends on one of the resources in <c>@ids</c>; null if the kind depends on no other.</summary>
    public virtual string? IsDependent => null;

    /// <summary>
    /// SQL condition: the rows of the resource depend on a logical router of others that has a name in <c>@names</c>; null if the kind
    /// depends on none.
    /// </summary>
    public virtual string? UsesForeign => null;

    /// <summary>
    /// Reads desired resources. A resource is not wanted in the NB while it is being deleted, or while an earlier incarnation of its name
    /// is.
    /// </summary>
    /// <param name="ids">Ids, also of other kinds; null for all resources.</param>
    public abstract IAsyncEnumerable<DesiredRow> ReadAsync(NestDb db, Guid[]? ids, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal abstract class ReconciledKind<T>(OwnerKind kind, string table) : ReconciledKind(kind, table)
    where T : Resource
{
    /// <summary>SQL condition: the resource <c>r</c> has to wait for an earlier one.</summary>
    protected virtual string IsBlocked =>
        $"EXISTS (SELECT FROM {Table} p WHERE p.name = r.name AND p.deleting_since IS NOT NULL AND p.id <> r.id)";

    /// <summary>More columns for <see cref="Create"/>, with a comma before each.</summary>
    protected virtual string Columns => "";

    /// <summary>Creates the desired resource.</summary>
    /// <param name="row">The row with <see cref="Columns"/>.</param>
    /// <param name="next">Position of the first of these columns.</param>
    protected abstract DesiredRow Create(T resource, bool isWanted, NpgsqlDataReader row, int next);

    public override IAsyncEnumerable<DesiredRow> ReadAsync(NestDb db, Guid[]? ids, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<T>();
        // Two statements instead of one with OR: PostgreSQL would use the plan for all rows even for a few ids.
        return db.StreamAsync(
            $"SELECT {table.Columns("r")}, {IsBlocked} {Columns} FROM {Table} r {(ids is null ? "" : "WHERE r.id = ANY(@ids)")}",
            row =>
            {
                var resource = table.Read(row);
                return Create(resource, resource.DeletingSince is null && !row.GetBoolean(table.Count), row, table.Count + 1);
            },
            ids is null ? [] : [("ids", ids)],
            cancellationToken
        );
    }
}

/// <summary>All kinds of resources that have rows in the NB, in the lock order.</summary>
internal sealed record ReconciledKinds(IReadOnlyList<ReconciledKind> All);
