using System.Net.Sockets;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// A server that is not an OVSDB server: it answers the first bytes that it receives with fixed bytes, and continues to read.
/// </summary>
internal sealed class ForeignServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly string _folder = Programs.NewFolder("foreign");
    private readonly Task _serving;

    /// <param name="answer">The bytes to send.</param>
    /// <param name="closes">Whether to end its direction of the connection afterwards.</param>
    public ForeignServer(byte[] answer, bool closes = false)
    {
        _listener.Bind(new UnixDomainSocketEndPoint($"{_folder}/sock"));
        _listener.Listen();
        _serving = Task.Run(() => ServeAsync(answer, closes));
    }

    public string Endpoint => $"unix:{_folder}/sock";

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync(byte[] answer, bool closes)
    {
        try
        {
            using var client = await _listener.AcceptAsync(_end.Token);
            var buffer = new byte[4096];
            await client.ReceiveAsync(buffer, _end.Token);
            await client.SendAsync(answer, _end.Token);
            if (closes)
            {
                // Closing the socket would reset the connection if the client has sent more meanwhile.
                client.Shutdown(SocketShutdown.Send);
            }

            while (await client.ReceiveAsync(buffer, _end.Token) > 0) { }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { }
    }
}
