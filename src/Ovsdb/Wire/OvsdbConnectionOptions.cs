namespace Ovsdb;

/// <summary>Limits and times of one connection.</summary>
public sealed record OvsdbConnectionOptions
{
    /// <summary>For <c>ssl:</c> endpoints; null if there are none.</summary>
    public OvsdbTls? Tls { get; init; }

    /// <summary>How long to wait for the connection to be made, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After this long without a byte from the server an <c>echo</c> is sent; after as long again the link counts as lost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no time: a link that is never probed would be trusted for ever.</exception>
    public TimeSpan ProbeInterval
    {
        get;
        init =>
            field =
                value > TimeSpan.Zero
                    ? value
                    : throw new ArgumentOutOfRangeException(nameof(value), value, "The interval of probes is a time above zero.");
    } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may be silent while it prepares the contents for a monitor: it is one thread, and answers no echo meanwhile.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Requests that may wait for their answers at once; more wait their turn. 1 and more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1: no request could ever be sent.</exception>
    public int MaxOutstanding
    {
        get;
        init =>
            field =
                value > 0
                    ? value
                    : throw new ArgumentOutOfRangeException(nameof(value), value, "At least one request must be let out at once.");
    } = 256;

    /// <summary>The longest message that is accepted, in bytes. A first copy is one message, about 450 bytes a port.</summary>
    public long MaxMessageBytes { get; init; } = 1L << 30;

    /// <summary>The deepest nesting of JSON that is accepted.</summary>
    public int MaxDepth { get; init; } = 64;
}
