using System.Text.Json;
using OvnNestApi.Data;
using OvnNestApi.Http;

namespace OvnNestApi.Changes;

/// <summary>Opens streams of changes.</summary>
internal sealed class ChangeStreams(ChangeReader reader, KeyLookup keys, StateWait waiting, TimeProvider time)
{
    public ChangeStream Open(ChangeCursor from, ChangeFilter filter) => new(reader, keys, waiting, time, from, filter);
}

/// <summary>
/// Response with changes as server-sent events (HTML Living Standard, "Server-sent events"). It reads the log only as fast as the client
/// reads the response. It ends when the client disconnects or is too slow, when its key is not valid any more, and when the process stops.
/// </summary>
internal sealed class ChangeStream(
    ChangeReader reader,
    KeyLookup keys,
    StateWait waiting,
    TimeProvider time,
    ChangeCursor from,
    ChangeFilter filter
) : IResult, IStatusCodeHttpResult
{
    /// <summary>Longest time without an event.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>Time in which the client must accept what was sent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Pause before the next attempt while the database is not available.</summary>
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public int? StatusCode => StatusCodes.Status200OK;

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = Representations.EventStream;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        try
        {
            await SendAsync(httpContext, httpContext.RequestAborted);
        }
        catch (OperationCanceledException) when (httpContext.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected. It can continue from the last event.
        }
        catch (TimeoutException)
        {
            httpContext.Abort();
        }
    }

    private async Task SendAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var cursor = from;
        await WriteAsync(context, "retry: 1000\n" + Bookmark(cursor), cancellationToken);
        while (!waiting.IsStopping)
        {
            try
            {
                if (!await keys.IsValidAsync(Principal.Of(context), cancellationToken))
                {
                    return;
                }

                var page = await NextAsync(cursor, cancellationToken);
                cursor = page.Next;
                await WriteAsync(context, page.Items.Count == 0 ? Bookmark(cursor) : Changes(page), cancellationToken);
            }
            catch (Exception e) when (Conflicts.Outage(e) is not null)
            {
                await WriteAsync(context, ": the database is not available\n\n", cancellationToken);
                await Task.Delay(OutagePause, time, cancellationToken);
            }
        }
    }

    /// <summary>Returns the next page, which is empty after <see cref="Heartbeat"/>.</summary>
    private async Task<ChangePage> NextAsync(ChangeCursor cursor, CancellationToken cancellationToken)
    {
        ChangePage page = new([], cursor);
        await waiting.UntilAsync(
            async token => (page = await reader.ReadAsync(page.Next, filter, token)).Items.Count > 0,
            Heartbeat,
            cancellationToken
        );
        return page;
    }

    private static string Changes(ChangePage page) =>
        string.Concat(page.Items.Select(change => Event("change", change.Cursor, JsonSerializer.Serialize(change, ApiJson.Options))));

    private static string Bookmark(ChangeCursor cursor) =>
        Event("bookmark", cursor.ToString(), JsonSerializer.Serialize(new { cursor = cursor.ToString() }));

    private static string Event(string name, string id, string json) => $"event: {name}\nid: {id}\ndata: {json}\n\n";

    /// <exception cref="TimeoutException">The client does not read.</exception>
    private async Task WriteAsync(HttpContext context, string text, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(text, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
    }
}
