namespace Ovsdb;

/// <summary>What an <see cref="OvsdbClient"/> connects to, what it keeps a copy of, and its times.</summary>
public sealed class OvsdbClientOptions
{
    /// <summary>The servers of one database, tried in random order. At least one.</summary>
    public required IReadOnlyList<OvsdbEndpoint> Endpoints { get; init; }

    /// <summary>For <c>ssl:</c> endpoints; null if there are none.</summary>
    public OvsdbTls? Tls { get; init; }

    /// <summary>The database's name, for instance <c>Open_vSwitch</c>.</summary>
    public required string Database { get; init; }

    /// <summary>What to keep a copy of; each table once. May be empty for a client that only writes.</summary>
    public required IReadOnlyList<MonitoredTable> Monitor { get; init; }

    /// <summary>The indexes of the copy. Tables that are not monitored have empty ones.</summary>
    public IReadOnlyList<ReplicaIndex> Indexes { get; init; } = [];

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

    /// <summary>How long to wait for a connection to be made, then for the server to say whether it will do, then for the schema. A database that was
    /// removed from a server is waited for as long before the next server is tried.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may be silent while it prepares the contents of the copy.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The wait before the second round of attempts to connect, one with each endpoint; the first follows at once. Doubles with every round, with jitter.</summary>
    public TimeSpan ReconnectMinimum { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between rounds of attempts to connect.</summary>
    public TimeSpan ReconnectMaximum { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Only the leader of a cluster will do: no follower, no relay. A database that is not clustered has no leader and always does.
    /// Without this any member will do that has contact with the cluster and is not behind of what was seen before; what it is asked to write
    /// it hands to the leader.</summary>
    public bool LeaderOnly { get; init; }
}
