using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Changes;

/// <summary>What changed, and who did it.</summary>
internal static class ChangeEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapChanges(this IEndpointRouteBuilder api) =>
        api.MapRead("/changes", ListAsync)
            .WithTags("Changes")
            .Takes(
                new QueryParameter("after", "The cursor to go on from; left out: from now on."),
                new QueryParameter("limit", "Changes of a page, 1 to 1000 (default 100).", "integer"),
                new QueryParameter("wait", "If there is nothing new, hold the answer until there is, at most this long (such as 30s)."),
                new QueryParameter("kind", "Only changes of this kind of object."),
                new QueryParameter("vm", "Only changes of what lives in this VM.")
            )
            .Describe(
                "list-changes",
                "List what changed, and who did it",
                "In order, without a gap: a reader that goes on from `next` misses nothing and sees nothing twice."
            );

    internal static async Task<Reply<JsonResult<ChangeList>>> ListAsync(
        HttpContext context,
        NestDb db,
        ChangeFeed feed,
        StateWait waiting,
        IOptions<ChangeOptions> options,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (limit, wait, kind, vm) = (
            query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage),
            query.Duration("wait"),
            query.Text("kind"),
            query.Name("vm")
        );
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var upTo = await feed.UpToAsync(Patience, cancellationToken);
        if (query.Text("after") is not { } after)
        {
            return new JsonResult<ChangeList>(new([], upTo.ToString()));
        }

        if (!ChangeCursor.TryParse(after, out var from))
        {
            return Problem.CursorInvalid();
        }

        if (
            from.Epoch != upTo.Epoch
            || from.Number > upTo.Number + 1_000_000
            || await IsPrunedAsync(db, from, options.Value, cancellationToken)
        )
        {
            return Problem.CursorExpired();
        }

        ChangeList page = new([], after);
        await waiting.UntilAsync(
            async token =>
            {
                page = await PageAsync(db, from, await feed.UpToAsync(Patience, token), limit, kind, vm, token);
                return page.Items.Count > 0;
            },
            wait ?? TimeSpan.Zero,
            cancellationToken
        );
        return new JsonResult<ChangeList>(page);
    }

    private static async Task<ChangeList> PageAsync(
        NestDb db,
        ChangeCursor from,
        ChangeCursor upTo,
        int limit,
        string? kind,
        string? vm,
        CancellationToken cancellationToken
    )
    {
        var changes = db.Changes.AsNoTracking().Where(change => change.Number > from.Number && change.Number <= upTo.Number);
        changes = kind is null ? changes : changes.Where(change => change.Kind == kind);
        changes = vm is null ? changes : changes.Where(change => change.Vm == vm || (change.Kind == "vm" && change.Name == vm));
        var rows = await changes.OrderBy(change => change.Number).Take(limit).ToListAsync(cancellationToken);

        // A full page ends at its last change; what the filters left out of any other page is behind us too.
        var next =
            rows.Count == limit ? upTo with { Number = rows[^1].Number }
            : upTo.Number < from.Number ? from
            : upTo;
        return new(rows.ConvertAll(change => ChangeView.Of(change, upTo.Epoch)), next.ToString());
    }

    /// <summary>The newest change that is too old is kept as a mark: what lies before it may be gone.</summary>
    private static Task<bool> IsPrunedAsync(NestDb db, ChangeCursor from, ChangeOptions options, CancellationToken cancellationToken) =>
        db
            .Database.SqlQuery<bool>(
                $"""SELECT coalesce((SELECT number > {from.Number} AND at < now() - {options.Keep} FROM changes ORDER BY number LIMIT 1), false) AS "Value" """
            )
            .SingleAsync(cancellationToken);
}

/// <summary>A page of changes.</summary>
/// <param name="Items">In the order in which they happened.</param>
/// <param name="Next">The cursor to go on from, also when there is nothing new.</param>
public sealed record ChangeList(IReadOnlyList<ChangeView> Items, string Next);

/// <summary>Who changed what, from what to what.</summary>
/// <param name="Cursor">The place after this change.</param>
/// <param name="At">When, by the database's clock.</param>
/// <param name="By">Who: key:NAME, host:NAME, reconciler or command.</param>
/// <param name="RequestId">The request; absent: none caused it.</param>
/// <param name="Kind">The object's kind.</param>
/// <param name="Vm">The VM's name for what lives in a VM.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Id">The object's id.</param>
/// <param name="Action">created, updated, deleting, forced, deleted or status.</param>
/// <param name="Before">What could be written of it before; absent for a creation.</param>
/// <param name="After">What can be written of it after; absent for a deletion.</param>
public sealed record ChangeView(
    string Cursor,
    DateTimeOffset At,
    string By,
    string? RequestId,
    string Kind,
    string? Vm,
    string Name,
    Guid Id,
    string Action,
    JsonElement? Before,
    JsonElement? After
)
{
    internal static ChangeView Of(Change change, string epoch) =>
        new(
            new ChangeCursor(epoch, change.Number).ToString(),
            change.At,
            change.By,
            change.RequestId,
            change.Kind,
            change.Vm,
            change.Name,
            change.ObjectId,
            change.Action,
            change.Before is null ? null : JsonElement.Parse(change.Before),
            change.After is null ? null : JsonElement.Parse(change.After)
        );
}

/// <summary>Configuration section <c>Changes</c>.</summary>
internal sealed class ChangeOptions
{
    /// <summary>How long changes are kept, 1 day or more.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(30);
}
