using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Configuration section <c>Reconciler</c>.</summary>
public sealed class ReconcilerOptions
{
    /// <summary>What is done about a difference, unless an admin has set another mode.</summary>
    public ReconcilerMode Mode { get; set; } = ReconcilerMode.Repair;

    /// <summary>How often everything is compared, 100 ms to 1 day. Drift is seen at once; this finds what nobody told us of.</summary>
    public TimeSpan Resync { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a pass waits for more to come, 0 to 1 s: every transaction with a nested port costs northd a full recompute.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// How long a port must be down before that is believed, 0 s to 1 min. Deleting one child may take its siblings down and up.
    /// </summary>
    public TimeSpan UpDebounce { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the database is asked for work that no signal told of, 10 ms to 1 min.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most objects of a kind in one pass, 1 to 100,000.</summary>
    public int PassSize { get; set; } = 1000;

    /// <summary>The most ports that one transaction adds to one switch, 1 to 10,000: more cost the server more, each.</summary>
    public int PortsPerSwitch { get; set; } = 100;

    /// <summary>The most objects in one transaction, 1 to 10,000.</summary>
    public int ObjectsPerTransaction { get; set; } = 1000;

    /// <summary>How often in a minute one row is repaired before somebody else is taken to be at it, 1 to 1000.</summary>
    public int RepairsPerMinute { get; set; } = 5;

    /// <summary>How often the leader says that it lives, 10 ms to 10 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>When a leader that does not say so has lost its place, 100 ms to 1 min.</summary>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromSeconds(5);
}
