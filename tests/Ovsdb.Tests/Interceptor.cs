using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>Stands between a client and a real server, and changes or withholds single messages: what a server does once in a thousand runs, or in another version.</summary>
internal sealed class Interceptor : IAsyncDisposable
{
    /// <summary>Where the link breaks: no message has this character.</summary>
    public const string Cut = "\0";

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _relays = [];
    private readonly string _socket;
    private readonly Task _accept;

    public Interceptor(OvsdbServer server)
        : this(server.Socket) { }

    /// <param name="socket">The path of the server's socket; ours is beside it.</param>
    public Interceptor(string socket)
    {
        _socket = socket;
        _listener.Bind(new UnixDomainSocketEndPoint($"{socket}.between"));
        _listener.Listen();
        _accept = Task.Run(AcceptAsync);
    }

    public string Endpoint => $"unix:{_socket}.between";

    /// <summary>What becomes of a message to the server; null cuts the link before it.</summary>
    public Func<string, string?> ToServer { get; set; } = message => message;

    /// <summary>What becomes of a message to the client; null cuts the link before it, an end of <see cref="Cut"/> behind what stands before that.</summary>
    public Func<string, string?> ToClient { get; set; } = message => message;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accept;
        await Task.WhenAll(_relays);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _relays.Add(RelayAsync(await _listener.AcceptAsync(_end.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { }
    }

    private async Task RelayAsync(Socket client)
    {
        var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var ours = new NetworkStream(client, ownsSocket: true);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_socket));
        }
        catch (SocketException)
        {
            return; // it does not run
        }
        using var theirs = new NetworkStream(server, ownsSocket: true);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var ways = new[]
        {
            CopyAsync(ours, theirs, message => ToServer(message), cut.Token),
            CopyAsync(theirs, ours, message => ToClient(message), cut.Token),
        };
        await Task.WhenAny(ways);
        await cut.CancelAsync();
        await Task.WhenAll(ways);
    }

    private static async Task CopyAsync(Stream from, Stream to, Func<string, string?> change, CancellationToken ct)
    {
        var framer = new MessageFramer(64, 1 << 30);
        var input = PipeReader.Create(from);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(ct);
                var buffer = read.Buffer;
                while (framer.TryCut(buffer, out var message))
                {
                    if (change(Encoding.UTF8.GetString(buffer.Slice(0, message.End))) is not { } changed)
                    {
                        return;
                    }

                    await to.WriteAsync(Encoding.UTF8.GetBytes(changed.TrimEnd('\0')), ct);
                    if (changed.EndsWith(Cut, StringComparison.Ordinal))
                    {
                        return;
                    }

                    buffer = buffer.Slice(message.End);
                }
                input.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) { }
    }
}
