using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// One kind of object, as far as it differs from the others. What is the same for all is in
/// <see cref="ResourceOperations{T,TSpec,TBody,TView}"/>.
/// </summary>
internal abstract class ResourceKind<T, TSpec, TBody, TView>
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    /// <summary>The kind's name: "network".</summary>
    public abstract string Name { get; }

    /// <summary>As in URLs: "networks".</summary>
    public abstract string Plural { get; }

    /// <summary>The group of operations in the documentation.</summary>
    public virtual string Tag => char.ToUpperInvariant(Plural[0]) + Plural[1..];

    /// <summary>A body that creates one, for the documentation.</summary>
    public abstract string Example { get; }

    /// <summary>The collection's route below <c>/v1</c>.</summary>
    public virtual string Route => "/" + Plural;

    /// <summary>The filters of the list, besides <c>label</c>, <c>ready</c> and <c>reason</c>.</summary>
    public virtual IReadOnlyList<QueryParameter> Filters => [];

    /// <summary>Where the object is.</summary>
    public virtual string Url(ResourcePath path) => $"/v1/{Plural}/{path.Name}";

    /// <summary>The write of one object.</summary>
    public abstract ResourceWrite<T, TSpec> Write(NestDb db, ResourcePath path);

    /// <summary>Its deletion, within a transaction.</summary>
    public abstract Task<Problem?> DeleteAsync(Deletion deletion, ResourcePath path, CancellationToken cancellationToken);

    /// <summary>The objects as they are answered, in the order of <paramref name="which"/>. One query, however many.</summary>
    public abstract Task<List<TView>> ViewAsync(NestDb db, Liveness liveness, IQueryable<T> which, CancellationToken cancellationToken);

    /// <summary>All incarnations of a name.</summary>
    protected virtual IQueryable<T> Named(NestDb db, ResourcePath path) => db.Set<T>().Where(one => one.Name == path.Name);

    /// <summary>What the kind's own filters leave.</summary>
    protected virtual IQueryable<T> Filter(NestDb db, IQueryable<T> all, Query query, string? vm) => all;

    /// <summary>Without the incarnations that a newer one of the same name hides.</summary>
    protected virtual IQueryable<T> Visible(NestDb db, IQueryable<T> all) =>
        all.Where(one => one.DeletingSince == null || !db.Set<T>().Any(newer => newer.Name == one.Name && newer.CreatedAt > one.CreatedAt));

    /// <summary>The object that the name means: the one that is to stay, else the last that is being deleted; null: none.</summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, ResourcePath path, CancellationToken cancellationToken)
    {
        var which = Named(db, path)
            .OrderBy(one => one.DeletingSince != null)
            .ThenByDescending(one => one.CreatedAt)
            .ThenByDescending(one => one.Id)
            .Take(1);
        return (await ViewAsync(db, liveness, which, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The same as it is stored; null: none.</summary>
    public Task<T?> FindStoredAsync(NestDb db, ResourcePath path, CancellationToken cancellationToken) =>
        Named(db, path)
            .AsNoTracking()
            .OrderBy(one => one.DeletingSince != null)
            .ThenByDescending(one => one.CreatedAt)
            .ThenByDescending(one => one.Id)
            .FirstOrDefaultAsync(cancellationToken);

    /// <summary>Returns the resource as the write has left it.</summary>
    public virtual async Task<TView> AnswerAsync(
        NestDb db,
        Liveness liveness,
        ResourceWrite<T, TSpec> write,
        CancellationToken cancellationToken
    )
    {
        var written = write.Written ?? throw new InvalidOperationException("The response is read after the write.");
        return await FindAsync(db, liveness, written.Id, cancellationToken)
            ?? throw new InvalidOperationException("A resource that was written in this transaction can be read.");
    }

    /// <summary>One incarnation; null when it is gone.</summary>
    public async Task<TView?> FindAsync(NestDb db, Liveness liveness, Guid id, CancellationToken cancellationToken) =>
        (await ViewAsync(db, liveness, db.Set<T>().Where(one => one.Id == id), cancellationToken)).FirstOrDefault();

    /// <summary>A page of the list.</summary>
    public async Task<Answer<ListView<TView>>> ListAsync(
        NestDb db,
        Liveness liveness,
        Query query,
        string? vm,
        CancellationToken cancellationToken
    )
    {
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var cursor = query.Text("cursor") is { } text ? Cursor.Read(text) : null;
        var labels = Labels(query.Text("label"));
        var ready = query.Choice("ready");
        Reason? reason = query.Value<Reason>(
            "reason",
            (string? value, out Reason parsed) => Enum.TryParse(value, out parsed) && parsed.ToString() == value,
            "a reason such as HostPending"
        );
        var all = Filter(db, labels is null ? db.Set<T>() : Labelled(db, labels), query, vm);
        if (labels is null && query.Text("label") is not null)
        {
            return Problem.UnknownParameter("label must be key=value or key, several with commas between.");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (cursor is null && query.Text("cursor") is not null)
        {
            return Problem.CursorInvalid();
        }

        all = Visible(db, all);
        var (items, isLast) = (new List<TView>(), false);
        while (items.Count <= limit && !isLast)
        {
            // What is ready is judged when read, from who has been heard of: such a filter cannot be the database's.
            var batch = ready is null && reason is null ? limit + 1 : HttpLimits.Page;
            var read = await ViewAsync(
                db,
                liveness,
                After(all, cursor).OrderBy(one => one.Name).ThenBy(one => one.Id).Take(batch),
                cancellationToken
            );
            items.AddRange(read.Where(view => (ready is null || view.IsReady == ready) && (reason is null || view.Reason == reason)));
            isLast = read.Count < batch;
            cursor = isLast ? null : new(read[^1].Name, read[^1].Metadata.Id);
        }

        var next = items.Count > limit ? new Cursor(items[limit - 1].Name, items[limit - 1].Metadata.Id).ToString() : null;
        return new ListView<TView>(items.Take(limit).ToList(), next);
    }

    private static IQueryable<T> After(IQueryable<T> all, Cursor? cursor) =>
        cursor is null
            ? all
            : all.Where(one => EF.Functions.GreaterThan(ValueTuple.Create(one.Name, one.Id), ValueTuple.Create(cursor.Name, cursor.Id)));

    private static Dictionary<string, string?>? Labels(string? text)
    {
        if (text is not { Length: > 0 and <= 1024 })
        {
            return null;
        }

        var labels = new Dictionary<string, string?>();
        foreach (var part in text.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (part.Length == 0 || equals == 0 || part.Contains('\0', StringComparison.Ordinal))
            {
                return null;
            }

            labels[equals < 0 ? part : part[..equals]] = equals < 0 ? null : part[(equals + 1)..];
        }

        return labels;
    }

    private static IQueryable<T> Labelled(NestDb db, Dictionary<string, string?> labels)
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

#pragma warning disable EF1002 // The table's name is the model's, everything else a parameter.
        return db.Set<T>().FromSqlRaw($"SELECT * FROM {table}{where}", parameters.ToArray());
#pragma warning restore EF1002
    }

    /// <summary>Where the next page begins: after this name and id.</summary>
    private sealed record Cursor(string Name, Guid Id)
    {
        public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

        public static Cursor? Read(string text)
        {
            try
            {
                return
                    text.Length <= 512
                    && JsonSerializer.Deserialize<Cursor>(Base64Url.DecodeFromChars(text)) is { } cursor
                    && ResourceName.IsValid(cursor.Name)
                    ? cursor
                    : null;
            }
            catch (Exception e) when (e is FormatException or JsonException)
            {
                return null;
            }
        }
    }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">In the order of their names.</param>
/// <param name="Next">The cursor of the next page; absent on the last.</param>
public sealed record ListView<TView>(IReadOnlyList<TView> Items, string? Next)
{
    /// <summary>Where <c>GET /v1/changes</c> goes on from this list.</summary>
    public string? ChangesCursor { get; init; }
}
