using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace OvnNestApi.Http;

/// <summary>Listens on a unix socket (unix(7)).</summary>
internal static class UnixSocket
{
    /// <summary>
    /// Binds like Kestrel, but first deletes the socket file of a process that was killed: bind(2) fails if the file exists. If another
    /// process still listens on the path, the file stays and the bind fails.
    /// </summary>
    public static Socket Bind(EndPoint endpoint)
    {
        if (endpoint is UnixDomainSocketEndPoint unix && unix.ToString() is { } path && File.Exists(path) && !IsListening(unix))
        {
            File.Delete(path);
        }

        return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
    }

    private static bool IsListening(UnixDomainSocketEndPoint endpoint)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endpoint);
            return true;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
    }
}
