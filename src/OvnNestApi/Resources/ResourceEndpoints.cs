using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>The URLs of one kind of object.</summary>
internal static class ResourceEndpoints
{
    public static void MapResource<T, TSpec, TBody, TView>(this IEndpointRouteBuilder api, ResourceKind<T, TSpec, TBody, TView> kind)
        where T : Resource
        where TSpec : class, new()
        where TBody : ResourceBody<TSpec>
        where TView : IResourceView
    {
        var (one, many) = (kind.Name, kind.Plural);
        var on = new ResourceOperations<T, TSpec, TBody, TView>(kind);
        var group = api.MapGroup(kind.Route).WithTags(kind.Tag);

        group
            .MapRead("/", on.ListAsync)
            .Takes([.. QueryParameters.OfLists, .. kind.Filters])
            .Describe($"list-{many}", $"List {many}", $"A page of the {many}, in the order of their names.");
        group
            .MapRead("/{name}", on.GetAsync)
            .Takes()
            .Produces<TView>()
            .Describe($"get-{one}", $"Read a {one}", "What was asked, what is, and whether the two agree.");
        group
            .MapRead("/{name}/wait", on.WaitAsync)
            .Takes(QueryParameters.OfWaits)
            .Produces<TView>()
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                $"wait-for-{one}",
                $"Wait until a {one} is ready or gone",
                "Holds the answer until the condition is reached, or the time is over."
            );
        group
            .MapPost("/", on.PostAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfWrites)
            .TakesBody<TBody>(JsonBody.Json, kind.Example)
            .Produces<TView>(StatusCodes.Status201Created)
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe(
                $"create-{one}",
                $"Create a {one}",
                $"Creates a {one}. A name that is in use is a conflict; PUT creates or replaces."
            );
        group
            .MapPut("/{name}", on.PutAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfWrites)
            .TakesBody<TBody>(JsonBody.Json, kind.Example)
            .Produces<TView>()
            .Produces<TView>(StatusCodes.Status201Created)
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe($"put-{one}", $"Create or replace a {one}", $"Makes the {one} what the body says. Sent again it changes nothing.");
        group
            .MapPatch("/{name}", on.PatchAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfWrites)
            .TakesBody<TBody>(JsonBody.MergePatch, """{"labels":{"app":"web"}}""")
            .Produces<TView>()
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe(
                $"patch-{one}",
                $"Change some fields of a {one}",
                "A merge patch (RFC 7396) on name, description, labels and spec. The result is checked as a whole."
            );
        group
            .MapDelete("/{name}", on.DeleteAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfDeletes)
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                $"delete-{one}",
                $"Delete a {one}",
                $"Marks the {one} as on its way out. It is gone when the northbound database and the hosts have confirmed."
            );
    }
}

/// <summary>What the URLs of one kind of object do.</summary>
internal sealed class ResourceOperations<T, TSpec, TBody, TView>(ResourceKind<T, TSpec, TBody, TView> kind)
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    public async Task<Reply<JsonResult<ListView<TView>>>> ListAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        ChangeFeed feed,
        CancellationToken cancellationToken
    )
    {
        var vm = context.GetRouteValue("vm") as string;
        if (vm is not null && await ParentVm.CheckAsync(db, vm, cancellationToken) is { } missing)
        {
            return missing;
        }

        // Before the list is read: a change after it is told again rather than lost.
        var changes = await feed.PresentAsync(cancellationToken);
        var query = new Query(context.Request);
        if (
            !(await kind.ListAsync(db, await liveness.ReadAsync(db, cancellationToken), query, vm, cancellationToken)).TryGet(
                out var page,
                out var problem
            )
        )
        {
            return problem;
        }

        Paging.Link(context, page.Next);
        return new JsonResult<ListView<TView>>(page with { ChangesCursor = changes.ToString() });
    }

    public async Task<Reply<ResourceResult<TView>>> GetAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Name).TryGet(out var path, out var problem))
        {
            return problem;
        }

        return await kind.FindAsync(db, await liveness.ReadAsync(db, cancellationToken), path, cancellationToken) is { } view
            ? new ResourceResult<TView>(view, view.Metadata)
            : Problem.NotFound(kind.Name, path.Name);
    }

    public async Task<Reply<ResourceResult<TView>, NoContent>> WaitAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        StateWait waiting,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Name).TryGet(out var path, out var problem))
        {
            return problem;
        }

        var query = new Query(context.Request);
        var state = query.Text("for") ?? "ready";
        var timeout = query.Duration("timeout") ?? TimeSpan.FromSeconds(30);
        if (query.Problem is { } invalid)
        {
            return invalid;
        }

        if (state is not ("ready" or "gone"))
        {
            return Problem.UnknownParameter("for must be ready or gone.");
        }

        var isForGone = state == "gone";
        var view = await kind.FindAsync(db, await liveness.ReadAsync(db, cancellationToken), path, cancellationToken);
        if (view is null)
        {
            return isForGone ? TypedResults.NoContent() : Problem.NotFound(kind.Name, path.Name);
        }

        var id = view.Metadata.Id;
        var isReached = await waiting.UntilAsync(
            async token =>
            {
                var now = await liveness.ReadAsync(db, token);
                view = isForGone ? await kind.FindAsync(db, now, id, token) : await kind.FindAsync(db, now, path, token);
                return view is null || (!isForGone && view.IsReady);
            },
            timeout,
            cancellationToken
        );
        return (isReached, view) switch
        {
            (true, not null) => new ResourceResult<TView>(view, view.Metadata),
            (true, null) when isForGone => TypedResults.NoContent(),
            (true, null) => Problem.NotFound(kind.Name, path.Name),
            _ when waiting.IsStopping => Problem.ShuttingDown(),
            _ => Problem.WaitTimeout($"The {kind.Name} {path.Name} is not {state} yet: see status.reason."),
        };
    }

    public async Task<Reply<ResourceResult<TView>>> PostAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken cancellationToken
    )
    {
        if (!(await ReadAsync(context, cancellationToken)).TryGet(out var sent, out var invalid))
        {
            return invalid;
        }

        if (sent.Name is not { } name)
        {
            return Problem.ValidationFailed("#/name", "is required");
        }

        return !ResourcePath.Of(context, kind.Name, name).TryGet(out var path, out var missing)
            ? missing
            : await writing.StoreAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: true, cancellationToken);
    }

    public async Task<Reply<ResourceResult<TView>>> PutAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Name).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (!(await ReadAsync(context, cancellationToken)).TryGet(out var sent, out var invalid))
        {
            return invalid;
        }

        return sent.Name is not null && sent.Name != path.Name
            ? Problem.NameMismatch($"The URL names {path.Name}, the body {sent.Name}.")
            : await writing.StoreAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: false, cancellationToken);
    }

    public async Task<Reply<ResourceResult<TView>>> PatchAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Name).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (!(await JsonBody.ReadAsync(context.Request, cancellationToken, JsonBody.MergePatch)).TryGet(out var patch, out problem))
        {
            context.Response.Headers["Accept-Patch"] = JsonBody.MergePatch;
            return problem;
        }

        return patch.ValueKind == JsonValueKind.Object
            ? await writing.PatchAsync(kind, context, path, patch, cancellationToken)
            : Problem.ValidationFailed("#", "an object is expected");
    }

    public Task<Reply<ResourceResult<TView>, NoContent>> DeleteAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken cancellationToken
    ) => writing.DeleteAsync(kind, context, cancellationToken);

    private static async Task<Answer<SubmittedResource<TSpec>>> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(context.Request, cancellationToken);
        return body.TryGet(out var json, out var problem) ? SubmittedResource<TSpec>.Read<TBody>(json) : problem;
    }
}
