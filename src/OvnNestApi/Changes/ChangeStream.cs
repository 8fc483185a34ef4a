using System.Text.Json;
using Microsoft.Extensions.Hosting;
using OvnNestApi.Data;
using OvnNestApi.Http;

namespace OvnNestApi.Changes;

/// <summary>Opens streams of changes.</summary>
internal sealed class ChangeStreams(ChangeReader reader, KeyLookup keys, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public ChangeStream Open(ChangeCursor from, ChangeFilter filter) => new(reader, keys, time, lifetime, from, filter);
}

/// <summary>
/// Response with changes as server-sent events (HTML Living Standard, "Server-sent events"). It reads the log only as fast as the client
/// reads the response. It ends when the client disconnects or is too slow, when its key is no longer valid, and at the end of the process.
/// </summary>
internal sealed class ChangeStream(
    ChangeReader reader,
    KeyLookup keys,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ChangeCursor from,
    ChangeFilter filter
) : IResult, IStatusCodeHttpResult
{
    /// <summary>Interval of comments without changes, and of the checks of the key.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>Time in which the client must accept what was sent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

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

        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(httpContext, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has disconnected, or the process stops: the client continues from the last event at another process.
        }
        catch (TimeoutException)
        {
            httpContext.Abort();
        }
    }

    private async Task SendAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (cursor, sent) = (from, from);
        var checkedAt = time.GetTimestamp();
        await WriteAsync(context, "retry: 1000\n" + Bookmark(from), cancellationToken);
        while (true)
        {
            var change = reader.Next;
            var (text, next, isFull) = await ReadAsync(cursor, cancellationToken);
            cursor = next;
            var isQuiet = time.GetElapsedTime(checkedAt) >= Heartbeat;
            if (isQuiet)
            {
                checkedAt = time.GetTimestamp();
                if (!await keys.IsValidAsync(Principal.Of(context), cancellationToken))
                {
                    return;
                }

                text += cursor == sent ? ": no changes\n\n" : Bookmark(cursor);
            }

            if (text.Length > 0)
            {
                sent = cursor;
                await WriteAsync(context, text, cancellationToken);
            }

            if (!isFull)
            {
                await Task.WhenAny(change, Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Returns the events of one page; none while the database is not available.</summary>
    private async Task<(string Text, ChangeCursor Next, bool IsFull)> ReadAsync(ChangeCursor cursor, CancellationToken cancellationToken)
    {
        try
        {
            var page = await reader.ReadAsync(cursor, filter, cancellationToken);
            var events = page.Items.Select(change => Event("change", change.Cursor, JsonSerializer.Serialize(change, ApiJson.Options)));
            return (string.Concat(events), page.Next, page.IsFull);
        }
        catch (Exception e) when (Conflicts.Outage(e) is not null)
        {
            return ("", cursor, false);
        }
    }

    private static string Bookmark(ChangeCursor cursor) =>
        Event("bookmark", cursor, JsonSerializer.Serialize(new { cursor = cursor.ToString() }));

    private static string Event(string name, object cursor, string json) => $"event: {name}\nid: {cursor}\ndata: {json}\n\n";

    /// <exception cref="TimeoutException">The client does not read.</exception>
    private async Task WriteAsync(HttpContext context, string text, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(text, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
    }
}
