using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ovsdb;

/// <summary>Where a server listens, in the spelling of ovsdb(7): <c>unix:/path</c>, <c>tcp:host:port</c>, <c>ssl:host:port</c>, and with an IPv6 address
/// <c>tcp:[address]:port</c>, <c>ssl:[address]:port</c>.</summary>
public sealed record OvsdbEndpoint
{
    private OvsdbEndpoint(string text, EndPoint address, bool isTls = false) => (Text, Address, IsTls) = (text, address, isTls);

    /// <summary>The endpoint as it was written.</summary>
    public string Text { get; }

    /// <summary>The connection is secured by TLS (<c>ssl:</c>), for which <see cref="OvsdbTls"/> is needed.</summary>
    public bool IsTls { get; }

    private EndPoint Address { get; }

    /// <summary>Reads one endpoint.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static OvsdbEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (scheme, rest) = text.Trim().Split(':', 2) is [var before, var after] ? (before, after) : (text, "");
        return scheme switch
        {
            "unix" when rest.Length > 0 => new(text.Trim(), UnixAddress(rest)),
            "tcp" => new(text.Trim(), TcpAddress(text, rest)),
            "ssl" => new(text.Trim(), TcpAddress(text, rest), isTls: true),
            _ => throw new FormatException(
                $"\"{text}\" is no OVSDB endpoint; examples: unix:/var/run/ovn/ovnnb_db.sock, tcp:127.0.0.1:6641, ssl:[::1]:6641."
            ),
        };
    }

    /// <summary>Reads endpoints of one clustered database, with commas between them.</summary>
    /// <exception cref="FormatException">One of them is none, or there is none.</exception>
    public static IReadOnlyList<OvsdbEndpoint> ParseList(string commaSeparated)
    {
        ArgumentNullException.ThrowIfNull(commaSeparated);
        var parts = commaSeparated.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? [.. parts.Select(Parse)] : throw new FormatException("At least one OVSDB endpoint is needed.");
    }

    /// <summary>The endpoint as it was written.</summary>
    public override string ToString() => Text;

    /// <summary>Opens a stream to it.</summary>
    /// <param name="tls">Needed if <see cref="IsTls"/>.</param>
    /// <param name="time">For the validity of certificates.</param>
    /// <param name="ct">Ends the attempt.</param>
    internal async Task<Stream> OpenAsync(OvsdbTls? tls, TimeProvider time, CancellationToken ct)
    {
        var socket =
            Address is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Address, ct);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return IsTls ? await TlsHandshake.SecureAsync(stream, Host, tls ?? throw WithoutTls(), time, ct) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="ArgumentException">It needs TLS settings and there are none.</exception>
    internal void Require(OvsdbTls? tls)
    {
        if (IsTls && tls is null)
        {
            throw WithoutTls();
        }
    }

    private string Host =>
        Address switch
        {
            IPEndPoint ip => ip.Address.ToString(),
            DnsEndPoint dns => dns.Host,
            _ => "",
        };

    private ArgumentException WithoutTls() => new($"{Text} needs TLS settings: at least the certificates of the authorities to trust.");

    private static UnixDomainSocketEndPoint UnixAddress(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"\"unix:{path}\": {e.Message}", e);
        }
    }

    private static EndPoint TcpAddress(string text, string hostAndPort)
    {
        var colon = hostAndPort.LastIndexOf(':');
        if (
            colon < 1
            || !ushort.TryParse(hostAndPort.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port == 0
        )
        {
            throw new FormatException($"\"{text}\" needs a host and a port from 1 to 65535, as in tcp:127.0.0.1:6641 or ssl:[::1]:6641.");
        }

        var host = hostAndPort[..colon];
        var bracketed = host is ['[', .., ']'];
        if (
            IPAddress.TryParse(bracketed ? host[1..^1] : host, out var address)
            && bracketed == (address.AddressFamily == AddressFamily.InterNetworkV6)
        )
        {
            return new IPEndPoint(address, port);
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns
            ? new DnsEndPoint(host, port)
            : throw new FormatException(
                $"\"{host}\" in \"{text}\" is neither an address nor a host name; an IPv6 address stands in brackets."
            );
    }
}
