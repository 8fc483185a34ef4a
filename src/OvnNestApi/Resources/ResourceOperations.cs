using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Plans;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// The operations of one kind of resource: each reads the request and calls the kind, for a read, or the store, for a write.
/// </summary>
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

        // Read before the list: a change between the two is then reported twice, and not lost.
        var changes = await feed.PresentAsync(cancellationToken);
        var now = await liveness.ReadAsync(db, cancellationToken);
        var answer = await kind.ListAsync(db, now, new Query(context.Request), vm, cancellationToken);
        if (!answer.TryGet(out var page, out var problem))
        {
            return problem;
        }

        Paging.Link(context, page.Next);
        return new JsonResult<ListView<TView>>(page with { ChangesCursor = changes?.ToString() });
    }

    public async Task<Reply<ResourceResult<TView>>> GetAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Noun).TryGet(out var path, out var problem))
        {
            return problem;
        }

        return await kind.FindAsync(db, await liveness.ReadAsync(db, cancellationToken), path, cancellationToken) is { } view
            ? new ResourceResult<TView>(view, view.Metadata)
            : Problem.NotFound(kind.Noun, path.Name);
    }

    public async Task<Reply<ResourceResult<TView>, NoContent>> WaitAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        StateWait waiting,
        CancellationToken cancellationToken
    )
    {
        if (
            !ResourcePath.Of(context, kind.Noun).TryGet(out var path, out var problem)
            || !WaitOptions.Of(context.Request).TryGet(out var wait, out problem)
        )
        {
            return problem;
        }

        var view = await kind.FindAsync(db, await liveness.ReadAsync(db, cancellationToken), path, cancellationToken);
        if (view is null)
        {
            return wait.ForGone ? TypedResults.NoContent() : Problem.NotFound(kind.Noun, path.Name);
        }

        var id = view.Metadata.Id;
        var isReached = await waiting.UntilAsync(IsReachedAsync, wait.Timeout, cancellationToken);
        return (isReached, view) switch
        {
            (true, not null) => new ResourceResult<TView>(view, view.Metadata),
            (true, null) when wait.ForGone => TypedResults.NoContent(),
            (true, null) => Problem.NotFound(kind.Noun, path.Name),
            _ when waiting.IsStopping => Problem.ShuttingDown(),
            _ => Problem.WaitTimeout($"The {kind.Noun} {path.Name} is not {wait.State} yet. Read status.reason for the cause."),
        };

        // A new incarnation of the name does not delay a wait for the removal of the former one.
        async Task<bool> IsReachedAsync(CancellationToken cancellationToken)
        {
            var now = await liveness.ReadAsync(db, cancellationToken);
            view = await (wait.ForGone ? kind.FindAsync(db, now, id, cancellationToken) : kind.FindAsync(db, now, path, cancellationToken));
            return view is null || (!wait.ForGone && view.IsReady);
        }
    }

    public async Task<Reply<PlanResult>> PlanAsync(HttpContext context, NestDb db, Planner planner, CancellationToken cancellationToken)
    {
        if (!ResourcePath.Of(context, kind.Noun).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (await kind.FindStoredAsync(db, path, cancellationToken) is not { } stored)
        {
            return Problem.NotFound(kind.Noun, path.Name);
        }

        var query = new Query(context.Request);
        var scope = PlanScope.Of(query, [stored.Id]);
        if ((problem = query.Problem) is not null)
        {
            return problem;
        }

        return (await planner.OfSomeAsync(db, scope, kind.Reconciled is not null, cancellationToken)).TryGet(out var plan, out problem)
            ? new PlanResult(plan)
            : problem;
    }

    public async Task<Reply<ResourceResult<TView>>> PostAsync(
        HttpContext context,
        ResourceStore<T, TSpec, TBody, TView> store,
        CancellationToken cancellationToken
    )
    {
        if (!(await ReadBodyAsync(context, cancellationToken)).TryGet(out var sent, out var problem))
        {
            return problem;
        }

        if (sent.Name is not { } name)
        {
            return Problem.ValidationFailed("#/name", "is required");
        }

        return ResourcePath.OfNew(context, kind.Noun, name).TryGet(out var path, out problem)
            ? await store.PutAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: true, cancellationToken)
            : problem;
    }

    public async Task<Reply<ResourceResult<TView>>> PutAsync(
        HttpContext context,
        ResourceStore<T, TSpec, TBody, TView> store,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.OfNew(context, kind.Noun).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (!(await ReadBodyAsync(context, cancellationToken)).TryGet(out var sent, out problem))
        {
            return problem;
        }

        return sent.Name is not null && sent.Name != path.Name
            ? Problem.NameMismatch($"The URL contains the name {path.Name}, but the body contains {sent.Name}.")
            : await store.PutAsync(kind, context, path, sent, Conditional.Of(context.Request), createOnly: false, cancellationToken);
    }

    public async Task<Reply<ResourceResult<TView>>> PatchAsync(
        HttpContext context,
        ResourceStore<T, TSpec, TBody, TView> store,
        CancellationToken cancellationToken
    )
    {
        if (!ResourcePath.Of(context, kind.Noun).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (!(await JsonBody.ReadAsync(context.Request, JsonBody.MergePatch, cancellationToken)).TryGet(out var patch, out problem))
        {
            context.Response.Headers["Accept-Patch"] = JsonBody.MergePatch;
            return problem;
        }

        if (patch.ValueKind != JsonValueKind.Object)
        {
            return Problem.ValidationFailed("#", "an object is expected");
        }

        return MergePatch.Check(patch) is { } invalid ? invalid : await store.PatchAsync(kind, context, path, patch, cancellationToken);
    }

    public async Task<Reply<ResourceResult<TView>, NoContent>> DeleteAsync(
        HttpContext context,
        ResourceStore<T, TSpec, TBody, TView> store,
        CancellationToken cancellationToken
    ) =>
        ResourcePath.Of(context, kind.Noun).TryGet(out var path, out var problem)
            ? await store.DeleteAsync(kind, context, path, cancellationToken)
            : problem;

    private static async Task<Answer<SubmittedResource<TSpec>>> ReadBodyAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(context.Request, JsonBody.Json, cancellationToken);
        return body.TryGet(out var json, out var problem) ? SubmittedResource<TSpec>.Read<TBody>(json) : problem;
    }
}
