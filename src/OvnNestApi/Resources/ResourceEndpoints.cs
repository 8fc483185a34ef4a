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
    public async Task<Results<JsonResult<ListView<TView>>, ProblemResult>> ListAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        ChangeFeed feed,
        CancellationToken ct
    )
    {
        var vm = context.GetRouteValue("vm") as string;
        if (vm is not null && await ParentVm.CheckAsync(db, vm, ct) is { } missing)
        {
            return (ProblemResult)missing;
        }

        // Before the list is read: a change after it is told again rather than lost.
        var changes = await feed.PresentAsync(ct);
        var query = new Query(context.Request);
        var (page, problem) = await kind.ListAsync(db, await liveness.ReadAsync(db, ct), query, vm, ct);
        if (page is null)
        {
            return (ProblemResult)(problem ?? Problem.Internal());
        }

        Paging.Link(context, page.Next);
        return new JsonResult<ListView<TView>>(page with { ChangesCursor = changes.ToString() });
    }

    public async Task<Results<ResourceResult<TView>, ProblemResult>> GetAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        CancellationToken ct
    )
    {
        var (path, problem) = ResourcePath.Of(context, kind.Name);
        return problem is not null ? (ProblemResult)problem
            : await kind.FindAsync(db, await liveness.ReadAsync(db, ct), path, ct) is { } view
                ? new ResourceResult<TView>(view, view.Metadata)
            : (ProblemResult)Problem.NotFound(kind.Name, path.Name);
    }

    public async Task<Results<ResourceResult<TView>, NoContent, ProblemResult>> WaitAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        StateWait waiting,
        CancellationToken ct
    )
    {
        var (path, problem) = ResourcePath.Of(context, kind.Name);
        var query = new Query(context.Request);
        var isForGone = query.Text("for") switch
        {
            "gone" => true,
            "ready" or null => false,
            _ => (bool?)null,
        };
        var timeout = query.Duration("timeout") ?? TimeSpan.FromSeconds(30);
        problem ??= query.Problem ?? (isForGone is null ? Problem.UnknownParameter("for must be ready or gone.") : null);
        if (problem is not null)
        {
            return (ProblemResult)problem;
        }

        var view = await kind.FindAsync(db, await liveness.ReadAsync(db, ct), path, ct);
        if (view is null)
        {
            return isForGone is true ? TypedResults.NoContent() : (ProblemResult)Problem.NotFound(kind.Name, path.Name);
        }

        var id = view.Metadata.Id;
        var isReached = await waiting.UntilAsync(
            async token =>
            {
                var now = await liveness.ReadAsync(db, token);
                view = isForGone is true ? await kind.FindAsync(db, now, id, token) : await kind.FindAsync(db, now, path, token);
                return view is null || (isForGone is false && view.IsReady);
            },
            timeout,
            ct
        );
        return isReached
            ? view is not null
                ? new ResourceResult<TView>(view, view.Metadata)
                : isForGone is true
                    ? TypedResults.NoContent()
                    : (ProblemResult)Problem.NotFound(kind.Name, path.Name)
            : (ProblemResult)(
                waiting.IsStopping
                    ? Problem.ShuttingDown()
                    : Problem.WaitTimeout(
                        $"The {kind.Name} {path.Name} is not {(isForGone is true ? "gone" : "ready")} yet: see status.reason."
                    )
            );
    }

    public async Task<Results<ResourceResult<TView>, ProblemResult>> PostAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken ct
    )
    {
        var (json, problem) = await JsonBody.ReadAsync(context.Request, ct);
        var (sent, wrong) = problem is null ? SubmittedResource<TSpec>.Read<TBody>(json) : (null, problem);
        if (sent?.Name is not { } name)
        {
            return (ProblemResult)(wrong ?? Problem.ValidationFailed("#/name", "is required"));
        }

        var (path, missing) = ResourcePath.Of(context, kind.Name, name);
        return missing is not null
            ? (ProblemResult)missing
            : await writing.StoreAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: true, ct);
    }

    public async Task<Results<ResourceResult<TView>, ProblemResult>> PutAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken ct
    )
    {
        var (path, problem) = ResourcePath.Of(context, kind.Name);
        if (problem is not null)
        {
            return (ProblemResult)problem;
        }

        (var json, problem) = await JsonBody.ReadAsync(context.Request, ct);
        var (sent, wrong) = problem is null ? SubmittedResource<TSpec>.Read<TBody>(json) : (null, problem);
        return sent is null ? (ProblemResult)(wrong ?? Problem.Internal())
            : sent.Name is not null && sent.Name != path.Name
                ? (ProblemResult)Problem.NameMismatch($"The URL names {path.Name}, the body {sent.Name}.")
            : await writing.StoreAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: false, ct);
    }

    public async Task<Results<ResourceResult<TView>, ProblemResult>> PatchAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken ct
    )
    {
        var (path, problem) = ResourcePath.Of(context, kind.Name);
        if (problem is not null)
        {
            return (ProblemResult)problem;
        }

        (var patch, problem) = await JsonBody.ReadAsync(context.Request, ct, JsonBody.MergePatch);
        if (problem is not null)
        {
            context.Response.Headers["Accept-Patch"] = JsonBody.MergePatch;
            return (ProblemResult)problem;
        }

        return patch.ValueKind == JsonValueKind.Object
            ? await writing.PatchAsync(kind, context, path, patch, ct)
            : (ProblemResult)Problem.ValidationFailed("#", "an object is expected");
    }

    public Task<Results<ResourceResult<TView>, NoContent, ProblemResult>> DeleteAsync(
        HttpContext context,
        ResourceStore writing,
        CancellationToken ct
    ) => writing.DeleteAsync(kind, context, ct);
}
