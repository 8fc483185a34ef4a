using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Changes;

/// <summary>The change feed as server-sent events.</summary>
public sealed class ChangeStreamTests(TestApi api) : IClassFixture<TestApi>
{
    private const int Writers = 16;
    private const int ChangesOfWriter = 12;
    private const int Readers = 20;

    [Fact]
    public async Task Readers_that_are_cut_off_at_random_get_every_change_once_and_in_order_while_slow_transactions_write()
    {
        var from = await NowAsync();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteSlowlyAsync));
        var reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(seed => ReadInPiecesAsync(from, new Random(seed))));
        await writing;
        var seen = await reading;

        var expected = Enumerable.Range(0, Writers).SelectMany(w => Enumerable.Range(0, ChangesOfWriter).Select(i => $"slow-{w}-{i}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), seen[0].Order(StringComparer.Ordinal));
        Assert.All(seen, names => Assert.Equal(seen[0], names));
    }

    [Fact]
    public async Task A_stream_starts_with_its_position_and_contains_only_what_the_filter_admits()
    {
        var from = await NowAsync();
        await using var stream = await OpenAsync("/v1/changes?kind=router");
        Assert.Equal(("bookmark", from), ((await stream.NextAsync()).Name, from));
        var (network, router) = (api.NewName("n"), api.NewName("r"));
        await api.PutSpecAsync($"/v1/networks/{network}");
        await api.PutSpecAsync($"/v1/routers/{router}");

        var change = await stream.NextAsync();
        var data = JsonDocument.Parse(change.Data).RootElement;
        Assert.Equal(("change", router, "created"), (change.Name, Text(data, "name"), Text(data, "action")));
        Assert.Equal(change.Id, Text(data, "cursor"));
        Assert.Equal(change.Id, (await api.GetAsync($"/v1/changes?after={from}&kind=router")).Json.GetProperty("next").GetString());
    }

    [Fact]
    public async Task A_stream_ends_when_its_key_is_revoked()
    {
        var created = (await api.PostAsync("/v1/api-keys", """{"name":"reader","role":"viewer"}""")).Is(HttpStatusCode.Created).Json;
        await using var stream = await OpenAsync("/v1/changes", key: Text(created, "key"));
        Assert.Equal("bookmark", (await stream.NextAsync()).Name);
        (await api.DeleteAsync($"/v1/api-keys/{Text(created, "id")}")).IsSuccess();

        await stream.ReadToEndAsync();
    }

    [Fact]
    public async Task A_stream_continues_after_its_connections_to_the_database_were_lost()
    {
        await using var own = new TestApi();
        await own.InitializeAsync();
        await using var stream = await OpenAsync("/v1/changes?kind=lost", of: own);
        Assert.Equal("bookmark", (await stream.NextAsync()).Name);
        await using var db = own.Open();
        await db.Database.OpenConnectionAsync();
        var outage = stream.CommentAsync();
        await Eventually.Holds("the stream has met a lost connection", async () =>
        {
            await db.Database.ExecuteSqlAsync(
                $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            );
            return outage.IsCompleted;
        });
        Assert.Equal(": the database is not available", await outage);

        ChangeLog.Add(db, "lost", null, "later", Guid.NewGuid(), "created", null, null);
        await db.SaveChangesAsync();
        Event change;
        do
        {
            change = await stream.NextAsync();
        } while (change.Name == "bookmark");

        Assert.Equal("later", Text(JsonDocument.Parse(change.Data).RootElement, "name"));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_disconnected_and_continues_without_a_gap()
    {
        var from = await NowAsync();
        const int count = 400;
        var text = new string('x', 100_000);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(api.Client.BaseAddress!.Host, api.Client.BaseAddress.Port);
        var request =
            $"GET /v1/changes?after={from}&kind=bulk HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n"
            + $"Authorization: Bearer {await api.KeyAsync(Role.Viewer)}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        await AddAsync(db =>
        {
            for (var i = 0; i < count; i++)
            {
                ChangeLog.Add(db, "bulk", null, $"bulk-{i}", Guid.NewGuid(), "created", null, $$"""{"description":"{{text}}"}""");
            }

            return Task.CompletedTask;
        });

        // The socket is not read until the service has closed the connection.
        await Eventually.Holds(
            "the service disconnects the reader",
            () => socket.Poll(0, SelectMode.SelectError) || !IsEstablished(socket),
            TimeSpan.FromSeconds(120)
        );
        var received = new MemoryStream();
        var buffer = new byte[65536];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer)) > 0; )
            {
                received.Write(buffer, 0, read);
            }
        }
        catch (SocketException)
        {
            // The connection was reset.
        }

        var last = Encoding
            .UTF8.GetString(received.ToArray())
            .Split('\n')
            .Where(line => line.StartsWith("id: ", StringComparison.Ordinal) && line.Length > 10)
            .Select(line => line[4..])
            .LastOrDefault(from);
        Assert.InRange(received.Length, 0, count * 100_000L - 1);
        await using var stream = await OpenAsync("/v1/changes?kind=bulk", last);
        var names = new List<string?>();
        while (names.LastOrDefault() != $"bulk-{count - 1}")
        {
            var next = await stream.NextAsync();
            if (next.Name == "change")
            {
                names.Add(Text(JsonDocument.Parse(next.Data).RootElement, "name"));
            }
        }

        Assert.Equal(Enumerable.Range(count - names.Count, names.Count).Select(i => $"bulk-{i}"), names);
    }

    private static bool IsEstablished(Socket socket)
    {
        // Linux: tcpi_state is the first byte of TCP_INFO (tcp(7)); 1 is ESTABLISHED.
        var info = new byte[8];
        socket.GetRawSocketOption(6, 11, info);
        return info[0] == 1;
    }

    private async Task WriteSlowlyAsync(int writer)
    {
        var random = new Random(writer);
        for (var i = 0; i < ChangesOfWriter; i++)
        {
            var (name, pause) = ($"slow-{writer}-{i}", random.NextDouble() / 20);
            await AddAsync(async db =>
            {
                ChangeLog.Add(db, "slow", null, name, Guid.NewGuid(), "created", null, null);
                await db.SaveChangesAsync();
                await db.Database.ExecuteSqlAsync($"SELECT pg_sleep({pause})");
            });
        }
    }

    private async Task<List<string?>> ReadInPiecesAsync(string from, Random random)
    {
        var (cursor, names) = (from, new List<string?>());
        while (names.Count < Writers * ChangesOfWriter)
        {
            await using var stream = await OpenAsync("/v1/changes?kind=slow", cursor);
            for (var left = random.Next(1, 40); left > 0 && names.Count < Writers * ChangesOfWriter; left--)
            {
                var next = await stream.NextAsync();
                cursor = next.Id;
                if (next.Name == "change")
                {
                    names.Add(Text(JsonDocument.Parse(next.Data).RootElement, "name"));
                }
            }
        }

        return names;
    }

    private async Task AddAsync(Func<NestDb, Task> add)
    {
        await using var db = api.Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await add(db);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
    }

    private async Task<EventStream> OpenAsync(string path, string? lastEventId = null, string? key = null, TestApi? of = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/event-stream");
        request.Headers.Add("Authorization", $"Bearer {key ?? await (of ?? api).KeyAsync(Role.Viewer)}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await (of ?? api).Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private async Task<string> NowAsync() => (await api.GetAsync("/v1/changes")).Json.GetProperty("next").GetString()!;

    private static string? Text(JsonElement json, string field) => json.GetProperty(field).GetString();

    private sealed record Event(string Name, string Id, string Data);

    private sealed class EventStream(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

        /// <summary>Returns the next event; comments are skipped.</summary>
        public async Task<Event> NextAsync()
        {
            var fields = new Dictionary<string, string>();
            while (true)
            {
                var line = await reader.ReadLineAsync().WaitAsync(Deadline) ?? throw new EndOfStreamException();
                if (line.Length == 0 && fields.TryGetValue("event", out var name))
                {
                    return new(name, fields["id"], fields["data"]);
                }

                if (line.Split(": ", 2) is [{ Length: > 0 } field, var value])
                {
                    fields[field] = value;
                }
            }
        }

        /// <summary>Returns the next comment; events before it are skipped.</summary>
        public async Task<string> CommentAsync()
        {
            while (true)
            {
                var line = await reader.ReadLineAsync().WaitAsync(Deadline) ?? throw new EndOfStreamException();
                if (line.StartsWith(':'))
                {
                    return line;
                }
            }
        }

        public Task<string> ReadToEndAsync() => reader.ReadToEndAsync().WaitAsync(Deadline);

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
