using OvnNestApi.Data;
using OvnNestApi.Http;

namespace OvnNestApi.Changes;

/// <summary>Reads the change log: as pages of JSON, or as a stream of events.</summary>
internal static class ChangeEndpoints
{
    private const string LastEventId = "Last-Event-ID";

    public static void MapChanges(this IEndpointRouteBuilder api) =>
        api.MapRead("/changes", ListAsync)
            .WithTags("Changes")
            .Offers(Representations.Json, Representations.EventStream)
            .Takes(
                new QueryParameter(
                    "after",
                    "Cursor after which the page starts. Without it the page is empty and `next` is the current end."
                ),
                new QueryParameter("limit", "Maximum number of changes on the page, 1 to 1000 (default 100).", "integer"),
                new QueryParameter(
                    "wait",
                    "If there are no changes, hold the response until there are, at most for this time (such as 30s). JSON only."
                ),
                new QueryParameter("kind", "Only changes of this kind of resource."),
                new QueryParameter(
                    "vm",
                    "Only changes of this VM and of the resources in it. The list is empty if no VM has had this name."
                )
            )
            .TakesHeader(LastEventId, "Cursor of the last event that the client has received, to continue a stream. Replaces `after`.")
            .Describe(
                "list-changes",
                "List changes",
                "Returns changes in commit order and without gaps. A client that continues from `next` gets every change once. With "
                    + "`Accept: text/event-stream` the response is a stream of server-sent events that does not end: `change` events have "
                    + "a change as data, `bookmark` events only a cursor, and the id of each event is the cursor after it. After 10 s "
                    + "without a change there is a bookmark. A client that reads too slowly is disconnected; it continues with "
                    + "`Last-Event-ID`."
            );

    internal static async Task<Reply<JsonResult<ChangeList>, ChangeStream>> ListAsync(
        HttpContext context,
        ChangeReader reader,
        ChangeStreams streams,
        StateWait waiting,
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

        var isStream = Representations.Of(context).Choose(context.Request) == Representations.EventStream;
        var after = (isStream ? (string?)context.Request.Headers[LastEventId] : null) ?? query.Text("after");
        if (!(await reader.StartAsync(after, cancellationToken)).TryGet(out var from, out problem))
        {
            return problem;
        }

        if (isStream)
        {
            return streams.Open(from, filter);
        }

        ChangePage page = new([], from);
        if (after is not null)
        {
            await waiting.UntilAsync(
                async token => (page = await reader.ReadAsync(from, filter, token)).Items.Count > 0,
                wait,
                cancellationToken
            );
        }

        return new JsonResult<ChangeList>(new(page.Items, page.Next.ToString()));
    }
}
