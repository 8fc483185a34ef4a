using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace OvnNestApi.Http;

/// <summary>Listening on a path of the file system (unix(7)).</summary>
internal static class UnixSocket
{
    /// <summary>
    /// Binds as Kestrel does, but takes over a path that a killed process left behind: the file stays when the process ends, and bind(2)
    /// refuses an
    /// existing one. A path on which somebody still listens is left alone, and the bind fails as it should.
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
