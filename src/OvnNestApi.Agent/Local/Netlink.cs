using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Reads devices, addresses and default routes from the kernel (rtnetlink(7)), for the network namespace of the calling thread.
/// </summary>
internal static partial class Netlink
{
    // linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
    private const int HeaderLength = 16;
    private const ushort DumpRequest = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
    private const ushort Error = 2; // NLMSG_ERROR
    private const ushort Done = 3; // NLMSG_DONE
    private const ushort ChangeRequest = 0x5; // NLM_F_REQUEST | NLM_F_ACK
    private const ushort NewLink = 16; // RTM_NEWLINK
    private const ushort GetLink = 18; // RTM_GETLINK
    private const ushort GetAddress = 22; // RTM_GETADDR
    private const ushort GetRoute = 26; // RTM_GETROUTE
    private const byte Ipv4 = 2; // AF_INET
    private const uint IsUp = 1; // IFF_UP
    private const uint IsLowerUp = 0x10000; // IFF_LOWER_UP
    private const int Interrupted = 4; // EINTR
    private const int BufferLength = 64 * 1024; // more than the kernel puts into one message of a dump

    /// <summary>Returns all devices by name, and the IPv4 default routes.</summary>
    /// <exception cref="Win32Exception">The kernel returned an error.</exception>
    public static (Dictionary<string, Link> Links, IReadOnlyList<DefaultRoute> DefaultRoutes) Read()
    {
        using var socket = Open();
        var buffer = new byte[BufferLength];
        return (ReadLinks(socket, buffer, ReadAddresses(socket, buffer)), ReadDefaultRoutes(socket, buffer));
    }

    /// <summary>Sets the alias of a device.</summary>
    /// <exception cref="Win32Exception">The kernel returned an error.</exception>
    public static void SetAlias(int index, string alias)
    {
        const int attribute = HeaderLength + 16; // after ifinfomsg: family, type, index, flags, change
        var text = Encoding.UTF8.GetBytes(alias);
        var request = new byte[attribute + ((4 + text.Length + 3) & ~3)];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), NewLink);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), ChangeRequest);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(HeaderLength + 4), index);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(attribute), (ushort)(4 + text.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(attribute + 2), 20); // IFLA_IFALIAS
        text.CopyTo(request, attribute + 4);
        using var socket = Open();
        if (Send(socket, request, request.Length, 0) < 0)
        {
            throw new Win32Exception();
        }

        Receive(socket, request);
        if (BinaryPrimitives.ReadInt32LittleEndian(request.AsSpan(HeaderLength)) is not 0 and var error)
        {
            throw new Win32Exception(-error);
        }
    }

    private static SafeFileHandle Open()
    {
        // AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE
        var socket = Socket(16, 0x80003, 0);
        return socket.IsInvalid ? throw new Win32Exception() : socket;
    }

    private static Dictionary<int, List<string>> ReadAddresses(SafeFileHandle socket, byte[] buffer)
    {
        var addresses = new Dictionary<int, List<string>>();
        Dump(socket, buffer, GetAddress, 8, message =>
        {
            // ifaddrmsg: family, prefix length, flags, scope, index
            var index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
            var local = Attribute(message[8..], 2); // IFA_LOCAL
            if (message[0] == Ipv4 && local.Length == 4)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(addresses, index, out _) ??= []).Add($"{new IPAddress(local)}/{message[1]}");
            }
        });
        return addresses;
    }

    private static Dictionary<string, Link> ReadLinks(SafeFileHandle socket, byte[] buffer, Dictionary<int, List<string>> addresses)
    {
        var links = new Dictionary<string, Link>();
        Dump(socket, buffer, GetLink, 16, message =>
        {
            // ifinfomsg: family, type, index, flags, change
            var index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
            var flags = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
            var attributes = message[16..];
            var name = Text(Attribute(attributes, 3)); // IFLA_IFNAME
            var mtu = Attribute(attributes, 4); // IFLA_MTU
            var alias = Text(Attribute(attributes, 20)); // IFLA_IFALIAS
            links[name] = new Link(
                index,
                name,
                Text(Attribute(Attribute(attributes, 18), 1)), // IFLA_LINKINFO, IFLA_INFO_KIND
                MacText(Attribute(attributes, 1)), // IFLA_ADDRESS
                mtu.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(mtu) : 0,
                (flags & IsUp) != 0,
                (flags & IsLowerUp) != 0,
                alias is "" ? null : alias,
                addresses.GetValueOrDefault(index, [])
            );
        });
        return links;
    }

    private static List<DefaultRoute> ReadDefaultRoutes(SafeFileHandle socket, byte[] buffer)
    {
        var routes = new List<DefaultRoute>();
        Dump(socket, buffer, GetRoute, 12, message =>
        {
            // rtmsg: family, destination length, source length, tos, table, protocol, scope, type, flags
            const byte mainTable = 254;
            var attributes = message[12..];
            var hasMetric = Attribute(attributes, 6).ContainsAnyExcept((byte)0); // RTA_PRIORITY
            if (message[0] == Ipv4 && message[1] == 0 && message[3] == 0 && message[4] == mainTable && !hasMetric)
            {
                var via = Attribute(attributes, 5); // RTA_GATEWAY
                var device = Attribute(attributes, 4); // RTA_OIF
                routes.Add(
                    new DefaultRoute(
                        via.Length == 4 ? new IPAddress(via).ToString() : null,
                        device.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(device) : 0
                    )
                );
            }
        });
        return routes;
    }

    private delegate void Reader(ReadOnlySpan<byte> message);

    private static void Dump(SafeFileHandle socket, byte[] buffer, ushort type, int payload, Reader read)
    {
        SendDumpRequest(socket, type, payload);
        while (true)
        {
            for (var rest = buffer.AsSpan(0, Receive(socket, buffer)); rest.Length >= HeaderLength; )
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                switch (BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]))
                {
                    case Done:
                        return;
                    case Error:
                        throw new Win32Exception(-BinaryPrimitives.ReadInt32LittleEndian(rest[HeaderLength..]));
                    default:
                        read(rest[HeaderLength..length]);
                        break;
                }

                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
            }
        }
    }

    private static void SendDumpRequest(SafeFileHandle socket, ushort type, int payload)
    {
        Span<byte> request = stackalloc byte[HeaderLength + 16];
        request.Clear();
        request = request[..(HeaderLength + payload)];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], DumpRequest);
        request[HeaderLength] = type == GetLink ? (byte)0 : Ipv4;
        if (Send(socket, request, request.Length, 0) < 0)
        {
            throw new Win32Exception();
        }
    }

    private static int Receive(SafeFileHandle socket, byte[] buffer)
    {
        while (true)
        {
            var received = (int)Receive(socket, buffer, buffer.Length, 0);
            if (received >= 0)
            {
                return received;
            }

            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw new Win32Exception();
            }
        }
    }

    private static ReadOnlySpan<byte> Attribute(ReadOnlySpan<byte> attributes, int type)
    {
        const int flags = 0xC000; // NLA_F_NESTED, NLA_F_NET_BYTEORDER
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & ~flags) == type)
            {
                return attributes[4..length];
            }

            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }
        return [];
    }

    private static string MacText(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 2 ? "" : string.Join(':', Convert.ToHexStringLower(bytes).Chunk(2).Select(pair => new string(pair)));

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, Span<byte> buffer, nint length, int flags);
}
