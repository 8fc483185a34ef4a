using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Changes;

/// <summary>Reads pages of the change log.</summary>
internal sealed class ChangeReader(IDbContextFactory<NestDb> databases, ChangeFeed feed, IOptions<ChangeOptions> options)
{
    private const int FarthestFuture = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Returns the position to continue from, which is the end of the log if <paramref name="after"/> is null.</summary>
    public async Task<Answer<ChangeCursor>> StartAsync(string? after, CancellationToken cancellationToken)
    {
        ChangeCursor from = default;
        if (after is not null && !ChangeCursor.TryParse(after, out from))
        {
            return Problem.CursorInvalid();
        }

        if (await feed.UpToAsync(Patience, cancellationToken) is not { } end)
        {
            return Problem.EndOfLogUnknown();
        }

        if (after is null)
        {
            return end;
        }

        return IsForeign(from, end) || await IsPrunedAsync(from, cancellationToken) ? Problem.CursorExpired() : from;
    }

    /// <summary>Returns the changes after the position, without waiting for more.</summary>
    public async Task<ChangePage> ReadAsync(ChangeCursor from, ChangeFilter filter, CancellationToken cancellationToken)
    {
        var end = await feed.UpToAsync(Patience, cancellationToken) ?? from;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var changes = db.Changes.AsNoTracking().Where(change => change.Number > from.Number && change.Number <= end.Number);
        var rows = await filter.Apply(changes).OrderBy(change => change.Number).Take(filter.Limit).ToListAsync(cancellationToken);

        // A full page ends at its last change. Any other page also covers the changes that the filter excludes.
        var last = rows.Count == filter.Limit ? rows[^1].Number : Math.Max(end.Number, from.Number);
        return new(rows.ConvertAll(change => ChangeView.Of(change, end.Epoch)), end with { Number = last });
    }

    /// <summary>Returns true if the cursor comes from another log: the database was restored from a backup, or replaced.</summary>
    private static bool IsForeign(ChangeCursor from, ChangeCursor end) =>
        from.Epoch != end.Epoch || from.Number > end.Number + FarthestFuture;

    /// <summary>
    /// Returns true if changes after the cursor may have been deleted. <see cref="ChangeRetention"/> keeps the newest change that is too
    /// old, so the first row of the table shows how far it has come.
    /// </summary>
    private async Task<bool> IsPrunedAsync(ChangeCursor from, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var keep = options.Value.Keep;
        return await db
            .Database.SqlQuery<bool>(
                $"""
                SELECT coalesce((SELECT number > {from.Number} AND at < now() - {keep} FROM changes ORDER BY number LIMIT 1), false)
                    AS "Value"
                """
            )
            .SingleAsync(cancellationToken);
    }
}

/// <summary>A page of the change log.</summary>
/// <param name="Items">Changes in the order in which they were committed.</param>
/// <param name="Next">Position after the page.</param>
internal sealed record ChangePage(IReadOnlyList<ChangeView> Items, ChangeCursor Next);

/// <summary>Filters and size of a page.</summary>
/// <param name="Limit">Maximum number of changes, 1–1000.</param>
/// <param name="Kind">Kind of the resources; null for all.</param>
/// <param name="Vm">Name of a VM, for it and the resources in it; null for all.</param>
internal sealed record ChangeFilter(int Limit, string? Kind, string? Vm)
{
    public static ChangeFilter Read(Query query) =>
        new(query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage), query.Text("kind"), query.Name("vm"));

    public IQueryable<Change> Apply(IQueryable<Change> changes)
    {
        changes = Kind is null ? changes : changes.Where(change => change.Kind == Kind);
        return Vm is null ? changes : changes.Where(change => change.Vm == Vm || (change.Kind == "vm" && change.Name == Vm));
    }
}
