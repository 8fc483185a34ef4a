using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TestServers;

/// <summary>
/// A relay between a client and a server that can be cut, as a network can: while it is cut, connections stay open, new ones are accepted,
/// and no byte passes. What was sent meanwhile arrives after it is joined again.
/// </summary>
public sealed class Relay : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _relays = [];
    private readonly EndPoint _server;
    private readonly Task _accept;
    private volatile TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts a relay, which is not cut.</summary>
    /// <param name="server">Address of the server: an <see cref="IPEndPoint"/> or a <see cref="UnixDomainSocketEndPoint"/>.</param>
    public Relay(EndPoint server)
    {
        _server = server;
        _joined.SetResult();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accept = AcceptAsync();
    }

    /// <summary>Loopback port for clients.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Lets no byte pass from now on.</summary>
    public void Cut() => _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets everything pass again.</summary>
    public void Join() => _joined.TrySetResult();

    /// <inheritdoc/>
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
        using var clientStream = new NetworkStream(client, ownsSocket: true);
        var isUnix = _server is UnixDomainSocketEndPoint;
        var server = new Socket(_server.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        using var close = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            await _joined.Task.WaitAsync(close.Token);
            await server.ConnectAsync(_server, close.Token);
            using var serverStream = new NetworkStream(server, ownsSocket: true);
            var directions = new[]
            {
                CopyAsync(clientStream, serverStream, close.Token),
                CopyAsync(serverStream, clientStream, close.Token),
            };
            await Task.WhenAny(directions);
            await close.CancelAsync();
            await Task.WhenAll(directions);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            server.Dispose();
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await _joined.Task.WaitAsync(cancellationToken);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) { }
    }
}
