namespace Ovsdb;

/// <summary>Settings of an <see cref="OvsdbClient"/>: the servers, the tables to replicate, and timeouts.</summary>
public sealed class OvsdbClientOptions
{
    /// <summary>The servers of the database, at least one. They are tried in random order.</summary>
    public required IReadOnlyList<OvsdbEndpoint> Endpoints { get; init; }

    /// <summary>The TLS settings for <c>ssl:</c> endpoints; null if there are none.</summary>
    public OvsdbTls? Tls { get; init; }

    /// <summary>The name of the database, for example <c>Open_vSwitch</c>.</summary>
    public required string Database { get; init; }

    /// <summary>The tables to replicate, each once. The list may be empty for a client that only writes.</summary>
    public required IReadOnlyList<MonitoredTable> Monitor { get; init; }

    /// <summary>The indexes of the replica. An index of a table that is not monitored is empty.</summary>
    public IReadOnlyList<ReplicaIndex> Indexes { get; init; } = [];

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
        init =>
            field =
                value > TimeSpan.Zero
                    ? value
                    : throw new ArgumentOutOfRangeException(nameof(ProbeInterval), value, "ProbeInterval must be positive.");
    } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The maximum time for each of three steps: to connect, to wait until the server is usable, and to read the schema. If a server has
    /// removed the database, the client waits this long for its return before it tries the next server. The default is 5 s.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The maximum silence of a server while it prepares the contents of the replica. The default is 2 minutes.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The delay before the second round of attempts to connect. A round tries each endpoint once; the first round starts immediately. The
    /// delay doubles with every round, with jitter. The default is 50 ms.
    /// </summary>
    public TimeSpan ReconnectMinimum { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The maximum delay between rounds of attempts to connect. The default is 5 s.</summary>
    public TimeSpan ReconnectMaximum { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether to use only the leader of a cluster, no follower and no relay. A database that is not clustered is always usable. If false,
    /// the client uses any member that has contact with the cluster and is not behind the contents seen before; a follower forwards writes
    /// to the leader. The default is false.
    /// </summary>
    public bool LeaderOnly { get; init; }

    /// <summary>The clock for timeouts, delays and certificates. The default is the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// The source of randomness for the order of endpoints and the jitter of delays. The default is <see cref="Random.Shared"/>.
    /// </summary>
    public Random Random { get; init; } = Random.Shared;

    internal SessionOptions ForSessions() =>
        new(
            Database,
            LeaderOnly,
            Indexes,
            new OvsdbConnectionOptions
            {
                Tls = Tls,
                ConnectTimeout = ConnectTimeout,
                ProbeInterval = ProbeInterval,
                LoadTimeout = LoadTimeout,
                TimeProvider = TimeProvider,
            }
        );
}
