using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Plans;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Executes the writes of a request: runs the transaction, sends the wake-ups after the commit, and waits if requested.</summary>
internal sealed class ResourceStore<T, TSpec, TBody, TView>(
    NestDb db,
    ResourceKinds kinds,
    MacPrefix macPrefix,
    Transactions transactions,
    CachedLiveness liveness,
    Signals signals,
    StateWait waiting,
    Settlement settlement,
    Planner planner
)
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    private const int PatchAttempts = 10;

    /// <summary>Creates or replaces a resource.</summary>
    /// <param name="createOnly">True for a POST: an existing resource is a conflict.</param>
    public async Task<Reply<ResourceResult<TView>>> PutAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        ResourcePath path,
        SubmittedResource<TSpec> sent,
        Conditional condition,
        bool createOnly,
        CancellationToken cancellationToken
    )
    {
        if (!WriteOptions.Of(context).TryGet(out var options, out var problem))
        {
            return problem;
        }

        var now = await liveness.ReadAsync(db, cancellationToken);
        var submission = new Submission<TSpec>(path, sent, condition, createOnly);
        var answer = await RunAsync<Written>(WriteAsync, written => written.View, options, cancellationToken);
        if (!answer.TryGet(out var written, out problem))
        {
            return problem;
        }

        Wake(written.HasChanged, options);
        var (view, isInTime) = await WaitUntilReadyAsync(kind, written.View, options, cancellationToken);
        var status = written.Item.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return new ResourceResult<TView>(view, view.Metadata, isInTime ? status : StatusCodes.Status202Accepted, kind.Url(path));

        async Task<Answer<Written>> WriteAsync(CancellationToken cancellationToken)
        {
            var answer = await new ResourceWrite(db, kinds.All, macPrefix).RunAsync([(kind, submission)], cancellationToken);
            if (!answer.TryGet(out var items, out var refused))
            {
                return refused;
            }

            var isForced = options.Force && await ForceAsync(kind, path, items[0], cancellationToken);
            return new Written(items[0], await kind.AnswerAsync(db, now, items[0], cancellationToken), items[0].HasChanged || isForced);
        }
    }

    /// <summary>
    /// Applies a merge patch (RFC 7396) to the stored resource and puts the result. If the resource changes in between, it tries again.
    /// </summary>
    public async Task<Reply<ResourceResult<TView>>> PatchAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        ResourcePath path,
        JsonElement patch,
        CancellationToken cancellationToken
    )
    {
        var condition = Conditional.Of(context.Request);
        for (var attempt = 1; ; attempt++)
        {
            if (await kind.FindStoredAsync(db, path, cancellationToken) is not { } stored)
            {
                return Problem.NotFound(kind.Noun, path.Name);
            }

            if (!Merge(kind, path, stored, patch, condition).TryGet(out var sent, out var problem))
            {
                return problem;
            }

            var unchanged = new Conditional([Conditional.ETag(stored.Id, stored.Revision)], CreateOnly: false);
            var reply = await PutAsync(kind, context, path, sent, unchanged, createOnly: false, cancellationToken);
            if (reply.Result is not ProblemResult { StatusCode: StatusCodes.Status412PreconditionFailed } || attempt == PatchAttempts)
            {
                return reply;
            }
        }
    }

    /// <summary>Requests the deletion of a resource.</summary>
    public async Task<Reply<ResourceResult<TView>, NoContent>> DeleteAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        ResourcePath path,
        CancellationToken cancellationToken
    )
    {
        if (!WriteOptions.Of(context).TryGet(out var options, out var problem))
        {
            return problem;
        }

        var now = await liveness.ReadAsync(db, cancellationToken);
        var condition = Conditional.Of(context.Request);
        var answer = await RunAsync<(TView? View, bool HasChanged)>(MarkAsync, marked => marked.View, options, cancellationToken);
        if (!answer.TryGet(out var marked, out problem))
        {
            return problem.Status == StatusCodes.Status404NotFound && options.AllowMissing ? TypedResults.NoContent() : problem;
        }

        Wake(marked.HasChanged, options);
        var view = await WaitUntilGoneAsync(kind, marked.View, options, cancellationToken);

        // A forced deletion can remove the resource at once.
        return view is null
            ? TypedResults.NoContent()
            : new ResourceResult<TView>(view, view.Metadata, StatusCodes.Status202Accepted, kind.Url(path));

        async Task<Answer<(TView? View, bool HasChanged)>> MarkAsync(CancellationToken cancellationToken)
        {
            var deletion = new Deletion(db, kinds.All, settlement, options.Cascade, options.Force);
            return (await deletion.OneAsync(kind, path, condition, cancellationToken)).TryGet(out var deleted, out var refused)
                ? (await kind.FindAsync(db, now, deleted.Id, cancellationToken), deleted.HasChanged)
                : refused;
        }
    }

    /// <summary>Returns the stored resource with the patch applied, as a body to put.</summary>
    private static Answer<SubmittedResource<TSpec>> Merge(
        ResourceKind<T, TSpec, TBody, TView> kind,
        ResourcePath path,
        T stored,
        JsonElement patch,
        Conditional condition
    )
    {
        if (stored.DeletingSince is not null)
        {
            return Problem.BeingDeleted($"The {kind.Noun} {path.Name} is being deleted.");
        }

        if (condition.Check(stored) is { } failed)
        {
            return failed;
        }

        var merged = MergePatch.Apply(JsonNode.Parse(ResourceDocument.Of(stored)), patch)?.ToJsonString() ?? "null";
        if (!SubmittedResource<TSpec>.Read<TBody>(JsonElement.Parse(merged)).TryGet(out var sent, out var problem))
        {
            return problem;
        }

        return sent.Name == path.Name
            ? sent
            : Problem.NameMismatch($"The name {path.Name} cannot be changed. Leave name out of the patch.");
    }

    /// <summary>Stops waiting for silent hosts; logs and returns whether there was one to wait for.</summary>
    private async Task<bool> ForceAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        ResourcePath path,
        WriteItem item,
        CancellationToken cancellationToken
    )
    {
        if (item.Resource is not { } resource || !await kind.ForceAsync(settlement, db, resource.Id, cancellationToken))
        {
            return false;
        }

        var stored = ResourceDocument.Of(resource);
        ChangeLog.Add(db, kind.Name, path.Vm, path.Name, resource.Id, "forced", stored, stored);
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    /// <summary>Runs a transaction. If nothing is to be stored, adds the plan of its changes to the view.</summary>
    private async Task<Answer<TResult>> RunAsync<TResult>(
        Func<CancellationToken, Task<Answer<TResult>>> body,
        Func<TResult, IResourceView?> viewOf,
        WriteOptions options,
        CancellationToken cancellationToken
    )
    {
        if (!options.DryRun)
        {
            return await transactions.RunAsync(db, body, cancellationToken);
        }

        var prepared = await planner.PrepareAsync(db, cancellationToken);
        return await transactions.RunAsync<TResult>(db, RunAndPlanAsync, dryRun: true, cancellationToken);

        async Task<Answer<TResult>> RunAndPlanAsync(CancellationToken cancellationToken)
        {
            var answer = await body(cancellationToken);
            if (answer.TryGet(out var result, out _) && viewOf(result) is { } view)
            {
                view.Plan = await planner.OfChangesAsync(db, prepared, cancellationToken);
            }

            return answer;
        }
    }

    private void Wake(bool hasChanged, WriteOptions options)
    {
        if (hasChanged && !options.DryRun)
        {
            signals.Written(db);
        }
    }

    /// <summary>Returns the last view, and false if the requested wait ended before the resource was ready.</summary>
    private async Task<(TView View, bool IsInTime)> WaitUntilReadyAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        TView view,
        WriteOptions options,
        CancellationToken cancellationToken
    )
    {
        if (options is not { Wait: { } wait, DryRun: false })
        {
            return (view, true);
        }

        var id = view.Metadata.Id;
        var isReady = await waiting.UntilAsync(
            async token => (view = await kind.FindAsync(db, await liveness.ReadAsync(db, token), id, token) ?? view).IsReady,
            wait,
            cancellationToken
        );
        return (view, isReady);
    }

    /// <summary>Returns the last view; null if the resource is gone.</summary>
    private async Task<TView?> WaitUntilGoneAsync(
        ResourceKind<T, TSpec, TBody, TView> kind,
        TView? view,
        WriteOptions options,
        CancellationToken cancellationToken
    )
    {
        if (view is null || options is not { Wait: { } wait, DryRun: false })
        {
            return view;
        }

        var id = view.Metadata.Id;
        await waiting.UntilAsync(
            async token => (view = await kind.FindAsync(db, await liveness.ReadAsync(db, token), id, token)) is null,
            wait,
            cancellationToken
        );
        return view;
    }

    private sealed record Written(WriteItem Item, TView View, bool HasChanged);
}
