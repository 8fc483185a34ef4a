using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// A program in front of the API, as a load balancer: it passes connections on, or answers with garbage. A connection that began with
/// garbage never gets anything else.
/// </summary>
internal sealed class GarbageFront : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Answers = new()
    {
        ["not HTTP"] = "220 mail ready\r\n",
        ["a page"] = Http("200 OK", "text/html", "<html>It works!</html>"),
        ["cut JSON"] = Http("200 OK", "application/json", """{"cursor":"1"""),
        ["other JSON"] = Http("200 OK", "application/json", "null"),
        ["an error with a body"] = Http("500 Internal Server Error", "text/plain", new string('x', 5000)),
        ["bytes"] = Http("200 OK", "application/octet-stream", "\u0001\u0002\u0003"),
        ["no content"] = "HTTP/1.1 204 No Content\r\n\r\n",
        ["no end"] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        ["silence"] = "",
    };

    private readonly string _folder = Programs.NewFolder("front");
    private readonly string _api;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Socket> _passed = [];
    private string? _kind;
    private long _recoveredAt;
    private TaskCompletionSource<TimeSpan> _returned = new();
    private int _spoiledProbes;
    private volatile bool _hasPassedPoll;

    public GarbageFront(string api)
    {
        _api = api;
        _listener.Bind(new UnixDomainSocketEndPoint(Socket));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public static IEnumerable<string> Kinds => Answers.Keys;

    /// <summary>Path of its unix socket.</summary>
    public string Socket => Path.Combine(_folder, "front.sock");

    /// <summary>
    /// Number of requests for work that got garbage since <see cref="Begin"/>, without those that let the API wait for other work: an agent
    /// sends them only after a failure.
    /// </summary>
    public int SpoiledProbes => Volatile.Read(ref _spoiledProbes);

    /// <summary>True if a request for work was passed on.</summary>
    public bool HasPassedPoll => _hasPassedPoll;

    /// <summary>Ends the connections to the API, and answers with garbage from now on.</summary>
    public void Begin(string kind)
    {
        lock (_lock)
        {
            (_kind, _spoiledProbes) = (kind, 0);
            _passed.ForEach(socket => socket.Dispose());
            _passed.Clear();
        }
    }

    /// <summary>Passes new connections on again; returns the time until the first one.</summary>
    public Task<TimeSpan> End()
    {
        lock (_lock)
        {
            (_kind, _recoveredAt, _returned) = (null, Stopwatch.GetTimestamp(), new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _returned.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Begin("silence");
        Directory.Delete(_folder, recursive: true);
    }

    private static string Http(string status, string type, string body) =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptAsync(_stop.Token);
            string? kind;
            lock (_lock)
            {
                kind = _kind;
                if (kind is null)
                {
                    _passed.Add(client);
                    _returned.TrySetResult(Stopwatch.GetElapsedTime(_recoveredAt));
                }
            }

            _ = kind is null ? PassAsync(client) : SpoilAsync(client, kind);
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var api = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await api.ConnectAsync(new UnixDomainSocketEndPoint(_api), _stop.Token);
        using var toClient = new NetworkStream(client, ownsSocket: true);
        await using var toApi = new NetworkStream(api);
        await Task.WhenAny(PassRequestsAsync(toClient, toApi), toApi.CopyToAsync(toClient, _stop.Token));
    }

    private async Task PassRequestsAsync(NetworkStream client, NetworkStream api)
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReadAsync(buffer, _stop.Token) is var length and > 0)
        {
            _hasPassedPoll |= Encoding.Latin1.GetString(buffer, 0, length).Contains("/work?", StringComparison.Ordinal);
            await api.WriteAsync(buffer.AsMemory(0, length), _stop.Token);
        }
    }

    private async Task SpoilAsync(Socket client, string kind)
    {
        using var stream = new NetworkStream(client, ownsSocket: true);
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer, _stop.Token) is var length and > 0)
        {
            if (Encoding.Latin1.GetString(buffer, 0, length).Contains("wait=0s", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _spoiledProbes);
            }

            await stream.WriteAsync(Encoding.Latin1.GetBytes(Answers[kind]), _stop.Token);
            while (kind == "no end")
            {
                await stream.WriteAsync("1\r\n \r\n"u8.ToArray(), _stop.Token);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _stop.Token);
            }
        }
    }
}
