using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// A proxy between a client and a real server that changes or drops single messages. It reproduces what a server rarely does, or does in
/// another version.
/// </summary>
internal sealed class Interceptor : IAsyncDisposable
{
    /// <summary>Marks where the link breaks. No message contains this character.</summary>
    public const string Cut = "\0";

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _relays = [];
    private readonly string _socket;
    private readonly Task _accept;

    public Interceptor(OvsdbServer server)
        : this(server.Socket) { }

    /// <param name="socket">The path of the server's socket. The socket of the interceptor is in the same folder.</param>
    public Interceptor(string socket)
    {
        _socket = socket;
        _listener.Bind(new UnixDomainSocketEndPoint($"{socket}.intercepted"));
        _listener.Listen();
        _accept = Task.Run(AcceptAsync);
    }

    public string Endpoint => $"unix:{_socket}.intercepted";

    /// <summary>Returns what to send for a message to the server; null breaks the link before the message.</summary>
    public Func<string, string?> ToServer { get; set; } = message => message;

    /// <summary>
    /// Returns what to send for a message to the client; null breaks the link before the message. If it ends with <see cref="Cut"/>, the
    /// link breaks after it.
    /// </summary>
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
        using var clientStream = new NetworkStream(client, ownsSocket: true);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_socket));
        }
        catch (SocketException)
        {
            return; // the server is not running
        }
        using var serverStream = new NetworkStream(server, ownsSocket: true);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var directions = new[]
        {
            CopyAsync(clientStream, serverStream, message => ToServer(message), cut.Token),
            CopyAsync(serverStream, clientStream, message => ToClient(message), cut.Token),
        };
        await Task.WhenAny(directions);
        await cut.CancelAsync();
        await Task.WhenAll(directions);
    }

    private static async Task CopyAsync(Stream from, Stream to, Func<string, string?> change, CancellationToken cancellationToken)
    {
        var framer = new MessageFramer(64, 1 << 30);
        var input = PipeReader.Create(from);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                while (framer.TryCut(buffer, out var message))
                {
                    if (change(Encoding.UTF8.GetString(buffer.Slice(0, message.End))) is not { } changed)
                    {
                        return;
                    }

                    await to.WriteAsync(Encoding.UTF8.GetBytes(changed.TrimEnd('\0')), cancellationToken);
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
