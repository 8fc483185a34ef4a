using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OvnNestApi.Agent.Planning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Reads devices, addresses and the default route of one network namespace from the kernel (rtnetlink(7)): of the one that the calling
/// thread is in.
/// </summary>
internal static partial class Netlink
{
    // linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
    private const int HeaderLength = 16;
    private const ushort DumpRequest = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
    private const ushort Done = 3,
        Error = 2;
    private const ushort GetLink = 18,
        GetAddress = 22,
        GetRoute = 26;
    private const byte Ipv4 = 2;
    private const uint IsUp = 1,
        IsLowerUp = 0x10000;

    /// <summary>Every device of the thread's namespace, by name, and the next hop of its IPv4 default route.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    public static (Dictionary<string, Link> Links, string? DefaultGateway) Read()
    {
        // AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE
        using var socket = Socket(16, 0x80003, 0);
        if (socket.IsInvalid)
        {
            throw new Win32Exception();
        }

        var addresses = new Dictionary<int, List<string>>();
        Dump(socket, GetAddress, 8, message =>
        {
            // ifaddrmsg: family, prefix length, flags, scope, index
            var index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
            var local = Attribute(message[8..], 2); // IFA_LOCAL
            if (message[0] == Ipv4 && local.Length == 4)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(addresses, index, out _) ??= []).Add($"{new IPAddress(local)}/{message[1]}");
            }
        });

        var links = new Dictionary<string, Link>();
        Dump(socket, GetLink, 16, message =>
        {
            // ifinfomsg: family, type, index, flags, change
            var index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
            var flags = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
            var attributes = message[16..];
            var name = Text(Attribute(attributes, 3));
            var mtu = Attribute(attributes, 4);
            var alias = Text(Attribute(attributes, 20));
            links[name] = new Link(
                index,
                name,
                Text(Attribute(Attribute(attributes, 18), 1)), // IFLA_LINKINFO, IFLA_INFO_KIND
                Convert.ToHexStringLower(Attribute(attributes, 1)) is { Length: > 2 } mac
                    ? string.Join(':', mac.Chunk(2).Select(pair => new string(pair)))
                    : "",
                mtu.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(mtu) : 0,
                (flags & IsUp) != 0,
                (flags & IsLowerUp) != 0,
                alias.Length > 0 ? alias : null,
                addresses.GetValueOrDefault(index, [])
            );
        });

        string? gateway = null;
        Dump(socket, GetRoute, 12, message =>
        {
            // rtmsg: family, destination's length, source's length, tos, table, protocol, scope, type, flags
            const byte mainTable = 254,
                unicast = 1;
            var via = Attribute(message[12..], 5); // RTA_GATEWAY
            if (message[0] == Ipv4 && message[1] == 0 && message[4] == mainTable && message[7] == unicast && via.Length == 4)
            {
                gateway ??= new IPAddress(via).ToString();
            }
        });
        return (links, gateway);
    }

    private delegate void Reader(ReadOnlySpan<byte> message);

    private static void Dump(SafeFileHandle socket, ushort type, int payload, Reader read)
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

        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = (int)Receive(socket, buffer, buffer.Length, 0);
            if (received < 0)
            {
                const int interrupted = 4;
                if (Marshal.GetLastPInvokeError() == interrupted)
                {
                    continue;
                }

                throw new Win32Exception();
            }
            for (var rest = buffer.AsSpan(0, received); rest.Length >= HeaderLength; )
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

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, Span<byte> buffer, nint length, int flags);
}
