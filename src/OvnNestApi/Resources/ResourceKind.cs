using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>One kind of resource: everything in which it differs from other kinds.</summary>
internal abstract class ResourceKind
{
    /// <summary>Name of the kind, such as "network".</summary>
    public abstract string Name { get; }

    /// <summary>Plural of the name, as in URLs: "networks".</summary>
    public abstract string Plural { get; }

    /// <summary>The kind in texts: "network", "VM".</summary>
    public virtual string Noun => Name;

    /// <summary>Tag of the operations in the OpenAPI document.</summary>
    public string Tag => char.ToUpperInvariant(Noun[0]) + Noun[1..] + "s";

    /// <summary>Description of the tag.</summary>
    public abstract string TagDescription { get; }

    /// <summary>Example of a body in the OpenAPI document.</summary>
    public abstract string Example { get; }

    /// <summary>Route of the collection below <c>/v1</c>.</summary>
    public virtual string Route => "/" + Plural;

    /// <summary>The kind's own filters of the list, in addition to those of all lists.</summary>
    public virtual IReadOnlyList<QueryParameter> Filters => [];

    /// <summary>Query parameters of PUT and PATCH.</summary>
    public virtual IReadOnlyList<QueryParameter> WriteParameters => WriteOptions.OfWrites;

    /// <summary>True if the resources belong to a VM, whose name is part of their path.</summary>
    public virtual bool IsInVm => false;

    /// <summary>Returns the URL of a resource.</summary>
    public virtual string Url(ResourcePath path) => $"/v1/{Plural}/{path.Name}";

    /// <summary>How the conditions of the resources are evaluated.</summary>
    public abstract KindReadiness Readiness { get; }

    /// <summary>What a pass of the reconciler needs to know of the kind; null if its resources have no rows in the NB.</summary>
    public abstract ReconciledKind? Reconciled { get; }

    /// <summary>How the deletion of resources ends; null if it ends with the placements and tags of a VM.</summary>
    public abstract KindRemoval? Removal { get; }

    /// <summary>Maps the URLs of the kind.</summary>
    public abstract void Map(IEndpointRouteBuilder api);

    /// <summary>Reads the body of a PUT as a part of a larger body.</summary>
    /// <param name="vm">Name of the VM, for a container; null for other kinds.</param>
    /// <param name="at">JSON pointer to the part.</param>
    public abstract Answer<Submission> Read(JsonElement json, string? vm, string at);

    /// <summary>Returns those of the resources that exist and are not ready.</summary>
    public abstract Task<List<Guid>> NotReadyAsync(NestDb db, Liveness liveness, Guid[] ids, CancellationToken cancellationToken);

    /// <summary>Begins the part of a write that concerns this kind.</summary>
    public abstract KindWrite Begin(ResourceWrite write);

    /// <summary>Lock of the rows that a write may change.</summary>
    public virtual string WriteLock => "UPDATE";

    /// <summary>Returns the name of the kind's table.</summary>
    public abstract string Table(NestDb db);

    /// <summary>Locks the incarnation that is not being deleted, else the newest one.</summary>
    /// <returns>The resource, or 404 <c>not-found</c>.</returns>
    public abstract Task<Answer<DeletionEntry>> LockAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken);

    /// <summary>Locks and returns those that depend on the set and are not being deleted yet. Also locks rows that are affected.</summary>
    public virtual Task<IReadOnlyList<DeletionEntry>> LockDependentsAsync(
        NestDb db,
        DeletionSet set,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<DeletionEntry>>([]);

    /// <summary>Locks and returns the resources with these labels, except some, that are not being deleted yet.</summary>
    public abstract Task<IReadOnlyList<DeletionEntry>> LockLabelledAsync(
        NestDb db,
        LabelSelector labels,
        Guid[] except,
        CancellationToken cancellationToken
    );

    /// <summary>Returns the problem that prevents the deletion, apart from dependent resources; null if there is none.</summary>
    public virtual Task<Problem?> CheckDeletionAsync(NestDb db, Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult<Problem?>(null);

    /// <summary>Updates what depends on resources of this kind whose deletion was requested.</summary>
    public virtual Task FollowDeletionAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stops waiting for the confirmations of silent hosts; deletes what others have added. True if there was any.</summary>
    public virtual Task<bool> ForceAsync(Settlement settlement, NestDb db, Guid id, CancellationToken cancellationToken) =>
        settlement.ForceObjectAsync(db, id, cancellationToken);
}

/// <inheritdoc/>
/// <remarks>The common operations are in <see cref="ResourceOperations{T,TSpec,TBody,TView}"/>.</remarks>
internal abstract class ResourceKind<T, TSpec, TBody, TView> : ResourceKind
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    private const string WithIds = "WHERE r.id = ANY(@ids)";

    private const string CurrentFirst = "ORDER BY r.deleting_since IS NOT NULL, r.created_at DESC, r.id DESC LIMIT 1";

    public override KindReadiness Readiness => new KindReadiness<T>(Name);

    public override void Map(IEndpointRouteBuilder api) => api.MapResource(this);

    public override string Table(NestDb db) => db.EntityTable<T>().Name;

    public override Answer<Submission> Read(JsonElement json, string? vm, string at)
    {
        if (!SubmittedResource<TSpec>.Read<TBody>(json).TryGet(out var sent, out var problem))
        {
            return problem;
        }

        return sent.Name is { } name
            ? new Submission<TSpec>(new(vm, name), sent, Conditional.None, CreateOnly: false, at)
            : Problem.ValidationFailed("#/name", "is required");
    }

    public override async Task<IReadOnlyList<DeletionEntry>> LockLabelledAsync(
        NestDb db,
        LabelSelector labels,
        Guid[] except,
        CancellationToken cancellationToken
    )
    {
        // Two steps, because a lock needs a statement without a filter around it.
        var ids = await WithLabels(db, labels)
            .Where(one => one.DeletingSince == null && !except.Contains(one.Id))
            .Select(one => one.Id)
            .ToArrayAsync(cancellationToken);
        return ids.Length == 0 ? [] : await LockAsync(db, ids, cancellationToken);
    }

    /// <summary>Locks and returns those of the resources that are not being deleted yet.</summary>
    protected virtual async Task<IReadOnlyList<DeletionEntry>> LockAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken) =>
        (await db.LockAsync<T>([], WriteLock, new("SELECT unnest(@also)", ids, ForWrite: true), cancellationToken))
            .FindAll(row => row.DeletingSince is null)
            .ConvertAll(row => new DeletionEntry(this, null, row));

    public override async Task<List<Guid>> NotReadyAsync(NestDb db, Liveness liveness, Guid[] ids, CancellationToken cancellationToken) =>
        (await ViewAsync(db, liveness, WithIds, cancellationToken, ("ids", ids)))
            .FindAll(view => !view.IsReady)
            .ConvertAll(view => view.Metadata.Id);

    public override async Task<Answer<DeletionEntry>> LockAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken) =>
        Newest(await db.LockAsync<T>([path.Name], WriteLock, also: null, cancellationToken), path);

    /// <summary>Returns the incarnation that is not being deleted, else the newest one, else 404.</summary>
    protected Answer<DeletionEntry> Newest(IEnumerable<T> incarnations, ResourcePath path) =>
        incarnations.OrderBy(one => one.DeletingSince is not null).ThenByDescending(one => one.CreatedAt).FirstOrDefault() is { } found
            ? new DeletionEntry(this, path.Vm, found)
            : Problem.NotFound(Noun, path.Name);

    /// <summary>Returns the statement that reads views, without a condition. The resource is called <c>r</c> in it.</summary>
    protected abstract ViewQuery<TView> Views(NestDb db, Liveness liveness);

    /// <summary>SQL condition for all incarnations of a name, with the parameters @name and @vm.</summary>
    protected virtual string HasName => "r.name = @name";

    /// <summary>Applies the kind's own filters.</summary>
    protected virtual IQueryable<T> Filter(NestDb db, IQueryable<T> all, Query query, string? vm) => all;

    /// <summary>Excludes incarnations that are being deleted and have a newer incarnation.</summary>
    protected virtual IQueryable<T> Visible(NestDb db, IQueryable<T> all) =>
        all.Where(one => one.DeletingSince == null || !db.Set<T>().Any(newer => newer.Name == one.Name && newer.CreatedAt > one.CreatedAt));

    /// <summary>
    /// Returns the view of the incarnation that is not being deleted, else of the newest one; null if the name does not exist.
    /// </summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, ResourcePath path, CancellationToken cancellationToken) =>
        (await ViewAsync(db, liveness, $"WHERE {HasName} {CurrentFirst}", cancellationToken, Parameters(path))).FirstOrDefault();

    /// <summary>Returns the stored row of the same incarnation; null if the name does not exist.</summary>
    public async Task<T?> FindStoredAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<T>();
        var sql = $"SELECT {table.Columns("r")} FROM {table.Name} r WHERE {HasName} {CurrentFirst}";
        return (await db.QueryAsync(sql, table.Read, cancellationToken, Parameters(path))).FirstOrDefault();
    }

    /// <summary>Returns the view of the resource after the write, inside its transaction.</summary>
    public virtual async Task<TView> AnswerAsync(NestDb db, Liveness liveness, WriteItem written, CancellationToken cancellationToken) =>
        written.Resource is { } resource && await FindAsync(db, liveness, resource.Id, cancellationToken) is { } view
            ? view
            : throw new InvalidOperationException("The resource that this transaction wrote does not exist.");

    /// <summary>Returns the view of one incarnation; null if it is gone.</summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, Guid id, CancellationToken cancellationToken) =>
        (await ViewAsync(db, liveness, WithIds, cancellationToken, ("ids", new[] { id }))).FirstOrDefault();

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
            var found = await After(selected, after)
                .OrderBy(one => one.Name)
                .ThenBy(one => one.Id)
                .Take(batch)
                .Select(one => new ListCursor(one.Name, one.Id))
                .ToListAsync(cancellationToken);
            var ids = found.Select(one => one.Id).ToArray();
            var views = await ViewAsync(db, liveness, $"{WithIds} ORDER BY r.name, r.id", cancellationToken, ("ids", ids));
            items.AddRange(views.Where(view => list.Admits(view)));
            isLast = found.Count < batch;
            after = isLast ? null : found[^1];
        }

        return items;
    }

    private async Task<List<TView>> ViewAsync(
        NestDb db,
        Liveness liveness,
        string rest,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        var views = Views(db, liveness);
        return await db.QueryAsync($"{views.Sql} {rest}", views.Read, cancellationToken, parameters);
    }

    private (string, object?)[] Parameters(ResourcePath path) => IsInVm ? [("name", path.Name), ("vm", path.Vm)] : [("name", path.Name)];

    private static IQueryable<T> After(IQueryable<T> all, ListCursor? cursor) =>
        cursor is null
            ? all
            : all.Where(one => EF.Functions.GreaterThan(ValueTuple.Create(one.Name, one.Id), ValueTuple.Create(cursor.Name, cursor.Id)));

    /// <summary>Selects the resources with these labels.</summary>
    private IQueryable<T> WithLabels(NestDb db, LabelSelector labels) =>
#pragma warning disable EF1002 // Table and condition are constants; everything else is a parameter.
        db.Set<T>()
            .FromSqlRaw(
                $"SELECT * FROM {Table(db)} WHERE {LabelSelector.Matches("labels")}",
                [.. LabelSelector.Parameters(labels).Select(Sql.Parameter)]
            );
#pragma warning restore EF1002
}

/// <summary>A statement that reads views of resources.</summary>
/// <param name="Sql">The statement, which a condition can follow.</param>
/// <param name="Read">Reads the view from a row.</param>
internal sealed record ViewQuery<TView>(string Sql, Func<NpgsqlDataReader, TView> Read);
