using System.Buffers.Binary;
using System.Net;

namespace OvnNestApi.Agent.Local;

/// <summary>Answer to an echo request.</summary>
/// <param name="Sequence">Number of the request, from 0.</param>
/// <param name="Error">Error that a router or the host itself answered, as a sentence; null for a reply of the target.</param>
internal sealed record EchoAnswer(int Sequence, string? Error);

/// <summary>The messages of one ping: requests with an identity of their own, and the answers to them.</summary>
internal sealed class Echo(IPAddress target)
{
    private const int Header = 8;
    private const int Length = 64; // as ping(8)
    private const byte ReplyType = 0;
    private const byte UnreachableType = 3;
    private const byte RequestType = 8;
    private const byte TimeExceededType = 11;

    private readonly byte[] _target = target.GetAddressBytes();
    private readonly byte[] _identity = Guid.NewGuid().ToByteArray(); // the first two bytes are the identifier of the header

    /// <summary>Returns the ICMP message of a request.</summary>
    public byte[] Request(int sequence)
    {
        var message = new byte[Length];
        message[0] = RequestType;
        _identity.AsSpan(0, 2).CopyTo(message.AsSpan(4));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)sequence);
        _identity.CopyTo(message.AsSpan(Header));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        return message;
    }

    /// <summary>Reads an IPv4 packet; returns null if it is not an answer to one of the requests.</summary>
    public EchoAnswer? Read(ReadOnlySpan<byte> packet)
    {
        var message = Payload(packet);
        if (message.Length < Header)
        {
            return null;
        }

        if (message[0] == ReplyType)
        {
            var isOurs = Source(packet).SequenceEqual(_target) && message[Header..].StartsWith(_identity) && HasIdentifier(message);
            return isOurs ? new(Sequence(message), null) : null;
        }

        if (message[0] is not (UnreachableType or TimeExceededType))
        {
            return null;
        }

        // RFC 792: the header and the first 8 bytes of the packet that could not be delivered.
        var inner = message[Header..];
        var request = Payload(inner);
        return request.Length >= Header && request[0] == RequestType && HasIdentifier(request) && Destination(inner).SequenceEqual(_target)
            ? new(Sequence(request), $"{new IPAddress(Source(packet))} answered: {Describe(message[0], message[1])}.")
            : null;
    }

    private bool HasIdentifier(ReadOnlySpan<byte> message) => message[4..6].SequenceEqual(_identity.AsSpan(0, 2));

    private static int Sequence(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[6..]);

    private static ReadOnlySpan<byte> Source(ReadOnlySpan<byte> packet) => packet[12..16];

    private static ReadOnlySpan<byte> Destination(ReadOnlySpan<byte> packet) => packet[16..20];

    private static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> packet)
    {
        var header = packet.Length < 20 ? int.MaxValue : (packet[0] & 0xf) * 4;
        return header >= 20 && header <= packet.Length ? packet[header..] : [];
    }

    private static string Describe(byte type, byte code) =>
        (type, code) switch
        {
            (UnreachableType, 0) => "the network is unreachable",
            (UnreachableType, 1) => "the host is unreachable",
            (UnreachableType, 9 or 10 or 13) => "a filter prohibits the packet",
            (UnreachableType, _) => $"the destination is unreachable (ICMP code {code})",
            _ => "the time to live has expired",
        };

    // RFC 1071
    private static ushort Checksum(ReadOnlySpan<byte> message)
    {
        uint sum = 0;
        for (; message.Length > 1; message = message[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(message);
        }

        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~(sum + (sum >> 16));
    }
}
