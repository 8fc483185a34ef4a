using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Notices changes of devices, IPv4 addresses and IPv4 routes (rtnetlink(7)) in the root namespace and in every namespace into which a
/// device was moved from there: the move gives such a namespace an id, and the kernel sends the messages of all namespaces with an id to a
/// process with the capability CAP_NET_BROADCAST.
/// </summary>
internal sealed partial class NetworkWatcher : IDisposable
{
    // linux/netlink.h, linux/rtnetlink.h
    private const int NetlinkLevel = 270; // SOL_NETLINK
    private const int ListenToAllNamespaces = 8; // NETLINK_LISTEN_ALL_NSID
    private const uint Groups = 0x1 | 0x10 | 0x40; // RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE

    private readonly byte[] _buffer = new byte[1024]; // longer messages are cut off, because their content is not used
    private readonly Socket _socket;

    /// <summary>Starts to watch the namespace of the calling thread.</summary>
    /// <exception cref="Win32Exception">The kernel returned an error.</exception>
    public NetworkWatcher()
    {
        // AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE
        var handle = OpenSocket(16, 0x80003, 0);
        // sockaddr_nl: family AF_NETLINK, padding, port, groups
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, 16);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], Groups);
        if (
            handle.IsInvalid
            || SetOption(handle, NetlinkLevel, ListenToAllNamespaces, 1, sizeof(int)) != 0
            || Bind(handle, address, address.Length) != 0
        )
        {
            var error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new Win32Exception(error);
        }

        _socket = new Socket(handle);
    }

    /// <summary>Waits until something has changed since the last call, or since the start.</summary>
    /// <exception cref="SocketException">The kernel returned an error.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ReceiveAsync(_buffer, cancellationToken);
            while (_socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            {
                _socket.Receive(_buffer);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.NoBufferSpaceAvailable)
        {
            // There were more changes than the kernel could keep.
        }
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeSocketHandle OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeSocketHandle socket, int level, int option, in int value, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeSocketHandle socket, ReadOnlySpan<byte> address, int length);
}
