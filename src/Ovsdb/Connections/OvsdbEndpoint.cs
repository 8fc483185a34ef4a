using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ovsdb;

/// <summary>
/// The address of a server, as in ovsdb(7): <c>unix:/path</c>, <c>tcp:host:port</c> or <c>ssl:host:port</c>. An IPv6 address is in
/// brackets: <c>tcp:[address]:port</c>.
/// </summary>
public sealed record OvsdbEndpoint
{
    private OvsdbEndpoint(string text, EndPoint address, bool isTls = false) => (Text, Address, IsTls) = (text, address, isTls);

    /// <summary>The endpoint as it was parsed.</summary>
    public string Text { get; }

    /// <summary>True for <c>ssl:</c>: the connection uses TLS and requires <see cref="OvsdbTls"/>.</summary>
    public bool IsTls { get; }

    private EndPoint Address { get; }

    /// <summary>Parses an endpoint.</summary>
    /// <exception cref="FormatException">The text is not a valid endpoint.</exception>
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
                $"\"{text}\" is not a valid OVSDB endpoint. Examples: unix:/var/run/ovn/ovnnb_db.sock, tcp:127.0.0.1:6641, ssl:[::1]:6641."
            ),
        };
    }

    /// <summary>Parses the comma-separated endpoints of the servers of one database.</summary>
    /// <exception cref="FormatException">The list is empty, or one of its items is not a valid endpoint.</exception>
    public static IReadOnlyList<OvsdbEndpoint> ParseList(string commaSeparated)
    {
        ArgumentNullException.ThrowIfNull(commaSeparated);
        var parts = commaSeparated.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? [.. parts.Select(Parse)] : throw new FormatException("At least one OVSDB endpoint is required.");
    }

    /// <summary>The endpoint as it was parsed.</summary>
    public override string ToString() => Text;

    /// <summary>Opens a stream to the server.</summary>
    /// <param name="tls">The TLS settings; required if <see cref="IsTls"/>.</param>
    /// <param name="time">The clock for the validity of certificates.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    internal async Task<Stream> OpenAsync(OvsdbTls? tls, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket =
            Address is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Address, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return IsTls ? await TlsHandshake.SecureAsync(stream, Host, tls ?? throw TlsRequired(), time, cancellationToken) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Checks that there are TLS settings if the endpoint requires them.</summary>
    /// <exception cref="ArgumentException">The endpoint requires TLS settings, and there are none.</exception>
    internal void Require(OvsdbTls? tls)
    {
        if (IsTls && tls is null)
        {
            throw TlsRequired();
        }
    }

    private string Host =>
        Address switch
        {
            IPEndPoint ip => ip.Address.ToString(),
            DnsEndPoint dns => dns.Host,
            _ => "",
        };

    private ArgumentException TlsRequired() =>
        new($"{Text} requires TLS settings: set Tls, at least with the file of the trusted certificate authorities.");

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
            throw new FormatException(
                $"\"{text}\" requires a host and a port from 1 to 65535. Examples: tcp:127.0.0.1:6641, ssl:[::1]:6641."
            );
        }

        var host = hostAndPort[..colon];
        var isBracketed = host is ['[', .., ']'];
        if (
            IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var address)
            && isBracketed == (address.AddressFamily == AddressFamily.InterNetworkV6)
        )
        {
            return new IPEndPoint(address, port);
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns
            ? new DnsEndPoint(host, port)
            : throw new FormatException(
                $"\"{host}\" in \"{text}\" is neither an IP address nor a host name. An IPv6 address must be in brackets."
            );
    }
}
