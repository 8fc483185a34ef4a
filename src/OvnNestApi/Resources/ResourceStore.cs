using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Carries out the writes of a request: the transaction, the wake-ups after it, the wait that was asked for.</summary>
internal sealed class ResourceStore(
    NestDb db,
    Transactions transactions,
    CachedLiveness liveness,
    Signals signals,
    StateWait waiting,
    Settlement settlement
)
{
    private const int PatchAttempts = 10;

    /// <summary>Creates or replaces an object.</summary>
    public async Task<Reply<ResourceResult<TView>>> StoreAsync<T, TSpec, TBody, TView>(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        ResourcePath path,
        SubmittedResource<TSpec> sent,
        Conditional condition,
        bool createOnly,
        CancellationToken cancellationToken
    )
        where T : Resource
        where TSpec : class, new()
        where TBody : ResourceBody<TSpec>
        where TView : IResourceView
    {
        if (!WriteOptions.Of(context).TryGet(out var options, out var invalid))
        {
            return invalid;
        }

        var now = await liveness.ReadAsync(db, cancellationToken);
        var write = kind.Write(db, path);
        var answer = await transactions.RunAsync<TView>(
            db,
            async token =>
                await write.PutAsync(sent, condition, createOnly, token) is { } refused
                    ? refused
                    : await kind.AnswerAsync(db, now, write, token),
            cancellationToken,
            options.DryRun
        );
        if (!answer.TryGet(out var view, out var problem))
        {
            return problem;
        }

        if (write.HasChanged && !options.DryRun)
        {
            signals.Written(db);
        }

        var status = write.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        if (options is { Wait: { } wait, DryRun: false })
        {
            var id = view.Metadata.Id;
            var isReady = await waiting.UntilAsync(
                async token => (view = await kind.FindAsync(db, await liveness.ReadAsync(db, token), id, token) ?? view).IsReady,
                wait,
                cancellationToken
            );
            status = isReady ? status : StatusCodes.Status202Accepted;
        }

        return new ResourceResult<TView>(view, view.Metadata, status, kind.Url(path));
    }

    /// <summary>
    /// A merge patch (RFC 7396): the result is written as a PUT would, if the object is still what was patched; else patched anew.
    /// </summary>
    public async Task<Reply<ResourceResult<TView>>> PatchAsync<T, TSpec, TBody, TView>(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        ResourcePath path,
        JsonElement patch,
        CancellationToken cancellationToken
    )
        where T : Resource
        where TSpec : class, new()
        where TBody : ResourceBody<TSpec>
        where TView : IResourceView
    {
        var condition = Conditional.Of(context.Request);
        for (var attempt = 1; ; attempt++)
        {
            if (await kind.FindStoredAsync(db, path, cancellationToken) is not { } stored)
            {
                return Problem.NotFound(kind.Name, path.Name);
            }

            if (stored.DeletingSince is not null)
            {
                return Problem.BeingDeleted($"The {kind.Name} {path.Name} is being deleted.");
            }

            if (condition.Check(stored) is { } failed)
            {
                return failed;
            }

            var merged = MergePatch.Apply(JsonNode.Parse(ResourceDocument.Of(stored)), patch)?.ToJsonString() ?? "null";
            if (!SubmittedResource<TSpec>.Read<TBody>(JsonElement.Parse(merged)).TryGet(out var sent, out var invalid))
            {
                return invalid;
            }

            if (sent.Name != path.Name)
            {
                return Problem.NameMismatch($"The URL names {path.Name}; an object is not renamed.");
            }

            var unchanged = new Conditional([Conditional.ETag(stored.Id, stored.Revision)], CreateOnly: false);
            var answer = await StoreAsync(kind, context, path, sent, unchanged, createOnly: false, cancellationToken);
            if (answer.Result is not ProblemResult { StatusCode: StatusCodes.Status412PreconditionFailed } || attempt == PatchAttempts)
            {
                return answer;
            }
        }
    }

    /// <summary>Marks an object as on its way out.</summary>
    public async Task<Reply<ResourceResult<TView>, NoContent>> DeleteAsync<T, TSpec, TBody, TView>(
        ResourceKind<T, TSpec, TBody, TView> kind,
        HttpContext context,
        CancellationToken cancellationToken
    )
        where T : Resource
        where TSpec : class, new()
        where TBody : ResourceBody<TSpec>
        where TView : IResourceView
    {
        if (!ResourcePath.Of(context, kind.Name).TryGet(out var path, out var problem))
        {
            return problem;
        }

        if (!WriteOptions.Of(context).TryGet(out var options, out problem))
        {
            return problem;
        }

        var now = await liveness.ReadAsync(db, cancellationToken);
        var deletion = new Deletion(db, settlement, Conditional.Of(context.Request), options.Cascade, options.Force);
        TView? view = default;
        problem = await transactions.RunAsync(
            db,
            async token =>
            {
                if (await kind.DeleteAsync(deletion, path, token) is { } refused)
                {
                    return refused;
                }

                view = deletion.Target is { } target ? await kind.FindAsync(db, now, target.Id, token) : default;
                return null;
            },
            cancellationToken,
            options.DryRun
        );
        if (problem is not null)
        {
            return problem.Status == StatusCodes.Status404NotFound && options.AllowMissing ? TypedResults.NoContent() : problem;
        }

        if (deletion.HasChanged && !options.DryRun)
        {
            signals.Written(db);
        }

        if (view is not null && options is { Wait: { } wait, DryRun: false })
        {
            var id = view.Metadata.Id;
            await waiting.UntilAsync(
                async token => (view = await kind.FindAsync(db, await liveness.ReadAsync(db, token), id, token)) is null,
                wait,
                cancellationToken
            );
        }

        // A forced deletion may be over at once.
        return view is null
            ? TypedResults.NoContent()
            : new ResourceResult<TView>(view, view.Metadata, StatusCodes.Status202Accepted, kind.Url(path));
    }
}
