using System.Text;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// One kind of resource: everything in which it differs from other kinds. The common operations are in
/// <see cref="ResourceOperations{T,TSpec,TBody,TView}"/>.
/// </summary>
internal abstract class ResourceKind<T, TSpec, TBody, TView>
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    /// <summary>Name of the kind, such as "network".</summary>
    public abstract string Name { get; }

    /// <summary>Plural of the name, as in URLs: "networks".</summary>
    public abstract string Plural { get; }

    /// <summary>The kind in texts: "network", "VM".</summary>
    public virtual string Noun => Name;

    /// <summary>Tag of the operations in the OpenAPI document.</summary>
    public string Tag => char.ToUpperInvariant(Noun[0]) + Noun[1..] + "s";

    /// <summary>Example of a body in the OpenAPI document.</summary>
    public abstract string Example { get; }

    /// <summary>Route of the collection below <c>/v1</c>.</summary>
    public virtual string Route => "/" + Plural;

    /// <summary>The kind's own filters of the list, in addition to those of all lists.</summary>
    public virtual IReadOnlyList<QueryParameter> Filters => [];

    /// <summary>Returns the URL of a resource.</summary>
    public virtual string Url(ResourcePath path) => $"/v1/{Plural}/{path.Name}";

    /// <summary>Returns the write of one resource.</summary>
    public abstract ResourceWrite<T, TSpec> Write(NestDb db, ResourcePath path);

    /// <summary>Requests the deletion of one resource, inside a transaction.</summary>
    public abstract Task<Problem?> DeleteAsync(Deletion deletion, ResourcePath path, CancellationToken cancellationToken);

    /// <summary>Returns the views of the selected resources, in the order of <paramref name="which"/>, with one query.</summary>
    public abstract Task<List<TView>> ViewAsync(NestDb db, Liveness liveness, IQueryable<T> which, CancellationToken cancellationToken);

    /// <summary>Selects all incarnations of a name.</summary>
    protected virtual IQueryable<T> Named(NestDb db, ResourcePath path) => db.Set<T>().Where(one => one.Name == path.Name);

    /// <summary>Applies the kind's own filters.</summary>
    protected virtual IQueryable<T> Filter(NestDb db, IQueryable<T> all, Query query, string? vm) => all;

    /// <summary>Excludes incarnations that are being deleted and have a newer incarnation.</summary>
    protected virtual IQueryable<T> Visible(NestDb db, IQueryable<T> all) =>
        all.Where(one => one.DeletingSince == null || !db.Set<T>().Any(newer => newer.Name == one.Name && newer.CreatedAt > one.CreatedAt));

    /// <summary>
    /// Returns the view of the incarnation that is not being deleted, else of the newest one; null if the name does not exist.
    /// </summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, ResourcePath path, CancellationToken cancellationToken)
    {
        var which = CurrentFirst(Named(db, path)).Take(1);
        return (await ViewAsync(db, liveness, which, cancellationToken)).FirstOrDefault();
    }

    /// <summary>Returns the stored row of the same incarnation; null if the name does not exist.</summary>
    public Task<T?> FindStoredAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken) =>
        CurrentFirst(Named(db, path)).AsNoTracking().FirstOrDefaultAsync(cancellationToken);

    /// <summary>Returns the view of the resource after the write, inside its transaction.</summary>
    public virtual async Task<TView> AnswerAsync(
        NestDb db,
        Liveness liveness,
        ResourceWrite<T, TSpec> write,
        CancellationToken cancellationToken
    )
    {
        var written = write.Written ?? throw new InvalidOperationException("The write has not stored the resource.");
        return await FindAsync(db, liveness, written.Id, cancellationToken)
            ?? throw new InvalidOperationException("The resource that this transaction wrote does not exist.");
    }

    /// <summary>Returns the view of one incarnation; null if it is gone.</summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, Guid id, CancellationToken cancellationToken) =>
        (await ViewAsync(db, liveness, db.Set<T>().Where(one => one.Id == id), cancellationToken)).FirstOrDefault();

    /// <summary>Returns one page of the list.</summary>
    /// <param name="vm">Name of the VM in the URL; null if the URL has none.</param>
    public async Task<Answer<ListView<TView>>> ListAsync(
        NestDb db,
        Liveness liveness,
        Query query,
        string? vm,
        CancellationToken cancellationToken
    )
    {
        var list = ListQuery.Read(query);
        var labelled = list.Labels is null ? db.Set<T>() : WithLabels(db, list.Labels);
        var named = list.NamePrefix is { } prefix ? labelled.Where(one => one.Name.StartsWith(prefix)) : labelled;
        var selected = Filter(db, named, query, vm);
        if (list.Check(query) is { } problem)
        {
            return problem;
        }

        var items = await ReadPageAsync(db, liveness, Visible(db, selected), list, cancellationToken);
        var next = items.Count > list.Limit ? ListCursor.Of(items[list.Limit - 1]).ToString() : null;
        return new ListView<TView>(items.Take(list.Limit).ToList(), next);
    }

    /// <summary>Returns the items of the page, and at least one more if there is a next page.</summary>
    private async Task<List<TView>> ReadPageAsync(
        NestDb db,
        Liveness liveness,
        IQueryable<T> selected,
        ListQuery list,
        CancellationToken cancellationToken
    )
    {
        // Readiness depends on the age of the last reports and is computed after the query, so the database cannot filter by it.
        var batch = list.FiltersViews ? HttpLimits.Page : list.Limit + 1;
        var (items, after, isLast) = (new List<TView>(), list.After, false);
        while (items.Count <= list.Limit && !isLast)
        {
            var rows = After(selected, after).OrderBy(one => one.Name).ThenBy(one => one.Id).Take(batch);
            var views = await ViewAsync(db, liveness, rows, cancellationToken);
            items.AddRange(views.Where(view => list.Admits(view)));
            isLast = views.Count < batch;
            after = isLast ? null : ListCursor.Of(views[^1]);
        }

        return items;
    }

    private static IQueryable<T> CurrentFirst(IQueryable<T> incarnations) =>
        incarnations.OrderBy(one => one.DeletingSince != null).ThenByDescending(one => one.CreatedAt).ThenByDescending(one => one.Id);

    private static IQueryable<T> After(IQueryable<T> all, ListCursor? cursor) =>
        cursor is null
            ? all
            : all.Where(one => EF.Functions.GreaterThan(ValueTuple.Create(one.Name, one.Id), ValueTuple.Create(cursor.Name, cursor.Id)));

    private static IQueryable<T> WithLabels(NestDb db, IReadOnlyDictionary<string, string?> labels)
    {
        var table = db.Model.FindEntityType(typeof(T))?.GetTableName();
        var where = new StringBuilder();
        var parameters = new List<object>();
        foreach (var (key, value) in labels)
        {
            where.Append(where.Length == 0 ? " WHERE " : " AND ").Append("labels ->> {").Append(parameters.Count).Append('}');
            parameters.Add(key);
            if (value is null)
            {
                where.Append(" IS NOT NULL");
            }
            else
            {
                where.Append(" = {").Append(parameters.Count).Append('}');
                parameters.Add(value);
            }
        }

#pragma warning disable EF1002 // The model supplies the table name; everything else is a parameter.
        return db.Set<T>().FromSqlRaw($"SELECT * FROM {table}{where}", parameters.ToArray());
#pragma warning restore EF1002
    }
}
