using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Changes;

/// <summary>Reads the change log.</summary>
internal static class ChangeEndpoints
{
    private const int FarthestFuture = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapChanges(this IEndpointRouteBuilder api) =>
        api.MapRead("/changes", ListAsync)
            .WithTags("Changes")
            .Takes(
                new QueryParameter(
                    "after",
                    "Cursor after which the page starts. Without it the page is empty and `next` is the current end."
                ),
                new QueryParameter("limit", "Maximum number of changes on the page, 1 to 1000 (default 100).", "integer"),
                new QueryParameter(
                    "wait",
                    "If there are no changes, hold the response until there are, at most for this time (such as 30s)."
                ),
                new QueryParameter("kind", "Only changes of this kind of resource."),
                new QueryParameter(
                    "vm",
                    "Only changes of this VM and of the resources in it. The list is empty if no VM has had this name."
                )
            )
            .Describe(
                "list-changes",
                "List changes",
                "Returns changes in commit order and without gaps. A client that continues from `next` gets every change once."
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
        var filter = ChangeFilter.Read(query);
        var wait = query.Duration("wait") ?? TimeSpan.Zero;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var end = await feed.UpToAsync(Patience, cancellationToken);
        if (query.Text("after") is not { } after)
        {
            return new JsonResult<ChangeList>(new([], end.ToString()));
        }

        if (!ChangeCursor.TryParse(after, out var from))
        {
            return Problem.CursorInvalid();
        }

        if (IsForeign(from, end) || await IsPrunedAsync(db, from, options.Value, cancellationToken))
        {
            return Problem.CursorExpired();
        }

        ChangeList page = new([], after);
        await waiting.UntilAsync(HasPageAsync, wait, cancellationToken);
        return new JsonResult<ChangeList>(page);

        async Task<bool> HasPageAsync(CancellationToken cancellationToken)
        {
            page = await PageAsync(db, from, await feed.UpToAsync(Patience, cancellationToken), filter, cancellationToken);
            return page.Items.Count > 0;
        }
    }

    private static async Task<ChangeList> PageAsync(
        NestDb db,
        ChangeCursor from,
        ChangeCursor end,
        ChangeFilter filter,
        CancellationToken cancellationToken
    )
    {
        var changes = db.Changes.AsNoTracking().Where(change => change.Number > from.Number && change.Number <= end.Number);
        var rows = await filter.Apply(changes).OrderBy(change => change.Number).Take(filter.Limit).ToListAsync(cancellationToken);

        // A full page ends at its last change. Any other page also covers the changes that the filter excludes.
        var last = rows.Count == filter.Limit ? rows[^1].Number : Math.Max(end.Number, from.Number);
        return new(rows.ConvertAll(change => ChangeView.Of(change, end.Epoch)), (end with { Number = last }).ToString());
    }

    /// <summary>Returns true if the cursor comes from another log: the database was restored from a backup, or replaced.</summary>
    private static bool IsForeign(ChangeCursor from, ChangeCursor end) =>
        from.Epoch != end.Epoch || from.Number > end.Number + FarthestFuture;

    /// <summary>
    /// Returns true if changes after the cursor may have been deleted. <see cref="ChangeRetention"/> keeps the newest change that is too
    /// old, so the first row of the table shows how far it has come.
    /// </summary>
    private static Task<bool> IsPrunedAsync(NestDb db, ChangeCursor from, ChangeOptions options, CancellationToken cancellationToken) =>
        db
            .Database.SqlQuery<bool>(
                $"""
                SELECT coalesce((SELECT number > {from.Number} AND at < now() - {options.Keep} FROM changes ORDER BY number LIMIT 1), false)
                    AS "Value"
                """
            )
            .SingleAsync(cancellationToken);

    /// <summary>Filters and size of a page.</summary>
    private sealed record ChangeFilter(int Limit, string? Kind, string? Vm)
    {
        public static ChangeFilter Read(Query query) =>
            new(query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage), query.Text("kind"), query.Name("vm"));

        public IQueryable<Change> Apply(IQueryable<Change> changes)
        {
            changes = Kind is null ? changes : changes.Where(change => change.Kind == Kind);
            return Vm is null ? changes : changes.Where(change => change.Vm == Vm || (change.Kind == "vm" && change.Name == Vm));
        }
    }
}
