using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>Handlers of the requests of clients for checks.</summary>
internal static class CheckEndpoints
{
    internal static async Task<Reply<JsonResult<CheckView>>> PostAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        Transactions transactions,
        Signals signals,
        StateWait waiting,
        CancellationToken cancellationToken
    )
    {
        var path = CheckPath.Of(context);
        if (!(await ReadAsync(context, path, cancellationToken)).TryGet(out var request, out var problem))
        {
            return problem;
        }

        var now = await liveness.ReadAsync(db, cancellationToken);
        var answer = await AcceptAsync(db, transactions, now, path, request, cancellationToken);
        if (!answer.Answer.TryGet(out var accepted, out problem))
        {
            return problem;
        }

        if (answer.Added is { } added && !request.DryRun)
        {
            signals.Requested(added.HostId);
        }

        var (view, isInTime) = await WaitAsync(db, waiting, path, accepted, request, cancellationToken);
        context.Response.Headers.Location = $"{path.Url}/{view.Metadata.Id}";
        return new JsonResult<CheckView>(view, isInTime ? StatusCodes.Status201Created : StatusCodes.Status202Accepted);
    }

    internal static async Task<Reply<JsonResult<ListView<CheckView>>>> ListAsync(
        HttpContext context,
        NestDb db,
        CancellationToken cancellationToken
    )
    {
        var (path, query) = (CheckPath.Of(context), new Query(context.Request));
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var cursor = query.Text("cursor");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (!TryParse(cursor, out var before))
        {
            return Problem.CursorInvalid();
        }

        if (await CheckedPort.FindAsync(db, path, cancellationToken) is not { } port)
        {
            return path.NotFound;
        }

        var items = await CheckStore.ListAsync(db, path, port.Id, before, limit + 1, cancellationToken);
        var next = items.Count > limit ? items[limit - 1].Metadata.Id.ToString() : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<CheckView>>(new([.. items.Take(limit)], next));
    }

    internal static async Task<Reply<JsonResult<CheckView>>> GetAsync(
        string id,
        HttpContext context,
        NestDb db,
        CancellationToken cancellationToken
    )
    {
        var path = CheckPath.Of(context);
        if (await CheckedPort.FindAsync(db, path, cancellationToken) is not { } port)
        {
            return path.NotFound;
        }

        return
            Guid.TryParseExact(id, "D", out var check)
            && await CheckStore.FindAsync(db, path, port.Id, check, cancellationToken) is { } view
            ? new JsonResult<CheckView>(view)
            : Problem.NotFound($"No check of {path} has this id. Checks are deleted some time after they have finished.");
    }

    private static async Task<Answer<CheckRequest>> ReadAsync(HttpContext context, CheckPath path, CancellationToken cancellationToken)
    {
        if (path.Invalid is { } name)
        {
            return name;
        }

        var query = new Query(context.Request);
        var (wait, dryRun) = (query.Duration("wait"), query.Flag("dryRun"));
        if (
            !(await JsonBody.ReadAsync(context.Request, JsonBody.Json, cancellationToken)).TryGet(out var json, out var problem)
            || !StrictJson.Read<CheckBody>(json).TryGet(out var body, out problem)
            || !IdempotencyKey.Of(context, [json], dryRun).TryGet(out var key, out problem)
        )
        {
            return problem;
        }

        return query.Problem is { } invalid ? invalid : new CheckRequest(body, wait, dryRun, key);
    }

    /// <summary>Returns the answer, and the check that was added; null for a repeated request.</summary>
    private static async Task<(Answer<Accepted> Answer, Check? Added)> AcceptAsync(
        NestDb db,
        Transactions transactions,
        Liveness liveness,
        CheckPath path,
        CheckRequest request,
        CancellationToken cancellationToken
    )
    {
        Check? added = null;
        var answer = await transactions.RunOnceAsync<Accepted>(db, request.Key, AddAsync, request.DryRun, cancellationToken);
        return (answer, added);

        async Task<Answer<Accepted>> AddAsync(CancellationToken cancellationToken)
        {
            if (!(await CheckStore.CreateAsync(db, liveness, path, request.Body, cancellationToken)).TryGet(out added, out var problem))
            {
                return problem;
            }

            db.Checks.Add(added);
            return new Accepted(added.ObjectId, CheckStore.View(path, added, isLate: false));
        }
    }

    /// <summary>Returns the last view, and false if the requested wait ended before the check had finished.</summary>
    private static async Task<(CheckView View, bool IsInTime)> WaitAsync(
        NestDb db,
        StateWait waiting,
        CheckPath path,
        Accepted accepted,
        CheckRequest request,
        CancellationToken cancellationToken
    )
    {
        var view = accepted.View;
        if (request is not { Wait: { } wait, DryRun: false })
        {
            return (view, true);
        }

        var isFinished = await waiting.UntilAsync(
            async token =>
            {
                view = await CheckStore.FindAsync(db, path, accepted.ObjectId, view.Metadata.Id, token) ?? view;
                return view.Status.State != CheckState.Pending;
            },
            wait,
            cancellationToken
        );
        return (view, isFinished);
    }

    private static bool TryParse(string? cursor, out Guid? id)
    {
        var isId = Guid.TryParseExact(cursor, "D", out var parsed);
        id = isId ? parsed : null;
        return isId || cursor is null;
    }

    private sealed record CheckRequest(CheckBody Body, TimeSpan? Wait, bool DryRun, IdempotencyKey? Key);

    /// <summary>Answer to a POST, in the form in which it is stored for repetitions.</summary>
    private sealed record Accepted(Guid ObjectId, CheckView View);
}
