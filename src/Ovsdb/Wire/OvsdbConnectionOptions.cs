namespace Ovsdb;

/// <summary>Limits and timeouts of a connection.</summary>
public sealed record OvsdbConnectionOptions
{
    /// <summary>The TLS settings for <c>ssl:</c> endpoints; null if there are none.</summary>
    public OvsdbTls? Tls { get; init; }

    /// <summary>The maximum time to connect, including the TLS handshake. The default is 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time without a byte from the server after which an <c>echo</c> is sent. After the same time again, the link is considered lost.
    /// The default is 5 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The value is not positive: without probes, the loss of a link could stay unnoticed forever.
    /// </exception>
    public TimeSpan ProbeInterval
    {
        get;
        init => field = value > TimeSpan.Zero ? value : throw NotPositive(nameof(ProbeInterval), value);
    } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The maximum silence of the server while it prepares the contents for a monitor: a server has one thread and answers no <c>echo</c>
    /// meanwhile. The default is 2 minutes.
    /// </summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The maximum number of requests that wait for their answers at the same time. Further requests wait before they are sent. The minimum
    /// is 1, the default 256.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1: no request could be sent.</exception>
    public int MaxOutstanding
    {
        get;
        init => field = value > 0 ? value : throw NotPositive(nameof(MaxOutstanding), value);
    } = 256;

    /// <summary>
    /// The maximum length of a received message, in bytes. The first contents of a replica are one message. The default is 1 GiB.
    /// </summary>
    public long MaxMessageBytes { get; init; } = 1L << 30;

    /// <summary>The maximum nesting of JSON in a received message. The default is 64.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>The clock for timeouts and certificates. The default is the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    private static ArgumentOutOfRangeException NotPositive(string name, object value) => new(name, value, $"{name} must be positive.");
}
