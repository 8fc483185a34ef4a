using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Configuration section <c>Reconciler</c>.</summary>
public sealed class ReconcilerOptions
{
    /// <summary>How the reconciler handles differences, unless an admin has set another mode through the API.</summary>
    public ReconcilerMode Mode { get; set; } = ReconcilerMode.Repair;

    /// <summary>
    /// Interval of the full comparison, at least 100 ms. Drift in the NB is observed at once; the full comparison finds what was missed.
    /// </summary>
    public TimeSpan Resync { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Time for which a pass collects further changes, 0 to 1 s. Every transaction that changes a nested port makes northd recompute
    /// everything.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Time for which a port must be down before it is reported as down, 0 s to 1 min. Deleting one child port may take its siblings down
    /// for a moment.
    /// </summary>
    public TimeSpan UpDebounce { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Interval of the search for dirty resources without a signal, at least 10 ms.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause after the first failure of a pass, 1 ms to 1 min. It doubles with each further failure.</summary>
    public TimeSpan FirstRetryPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause after a failure of a pass, at least the first pause, at most 1 hour.</summary>
    public TimeSpan LongestRetryPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Maximum number of resources of a kind in one pass, at least 1.</summary>
    public int PassSize { get; set; } = 1000;

    /// <summary>
    /// Maximum number of ports that one transaction adds to one logical switch, at least 1. Larger transactions cost the server more per
    /// port.
    /// </summary>
    public int PortsPerSwitch { get; set; } = 100;

    /// <summary>Maximum number of resources in one transaction, at least 1.</summary>
    public int ObjectsPerTransaction { get; set; } = 1000;

    /// <summary>Repairs of one resource in a minute after which another client is assumed to keep changing its rows, at least 1.</summary>
    public int RepairsPerMinute { get; set; } = 5;

    /// <summary>Interval of the leader's heartbeat.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time without a heartbeat after which another process takes over, at least two heartbeats.</summary>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromSeconds(5);
}
