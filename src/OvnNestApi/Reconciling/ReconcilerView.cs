using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>The body of a PUT. <c>status</c> is accepted and ignored, so that a client can edit and send back what it has read.</summary>
internal sealed record ReconcilerBody(ReconcilerSpec? Spec, JsonElement? Status = null);

/// <summary>Settings of the reconciler that an admin can change.</summary>
/// <param name="Mode">How the reconciler handles differences; if omitted, the configured mode applies.</param>
/// <param name="ReleaseBrake">
/// Value of <c>status.brake.id</c>: the reconciler carries out exactly the changes that it stands for, once. Null if none are released.
/// </param>
/// <param name="TakeInstanceFrom">
/// Id of another installation: while the northbound database shows that it has the instance of this one (<c>InstanceTaken</c>), this
/// installation takes the instance over. Null if it takes nothing, and as soon as it has the instance.
/// </param>
internal sealed record ReconcilerSpec(
    ReconcilerMode? Mode = null,
    [property: MaxLength(64)] string? ReleaseBrake = null,
    Guid? TakeInstanceFrom = null
);

/// <summary>The reconciler, which keeps the northbound database in agreement with the desired state.</summary>
/// <param name="Spec">Settings that an admin has made.</param>
/// <param name="Status">Observed state.</param>
internal sealed record ReconcilerView(ReconcilerSpec Spec, ReconcilerStatus Status);

/// <summary>Observed state of the reconciler.</summary>
/// <param name="Mode">Mode in force; null if no process has been the leader yet.</param>
/// <param name="Leader">Id of the process that is the leader; null if there was none yet.</param>
/// <param name="Epoch">Number that increases with every change of leader; the fence in the northbound database contains it.</param>
/// <param name="Heartbeat">Time of the leader's last heartbeat; null if there is none, for example after the leader has stopped.</param>
/// <param name="Northbound">State of the connection to the northbound database.</param>
/// <param name="Lag">Number of resources with a change that is not in the northbound database yet.</param>
/// <param name="Brake">What the safety brake withholds; null if nothing.</param>
/// <param name="Failure">The failure of the passes; null if the last one did not fail.</param>
/// <param name="LastPassAt">Time when the last pass that did something ended; null if there was none yet.</param>
/// <param name="LastPass">Result of that pass; null if there was none yet.</param>
/// <param name="ResyncedAt">Time when the last full comparison ended; null if there was none yet.</param>
internal sealed record ReconcilerStatus(
    ReconcilerMode? Mode,
    Guid? Leader,
    long Epoch,
    DateTimeOffset? Heartbeat,
    NorthboundReach Northbound,
    int Lag,
    BrakeView? Brake,
    PassFailure? Failure,
    DateTimeOffset? LastPassAt,
    PassSummary? LastPass,
    DateTimeOffset? ResyncedAt
);

/// <summary>State of the connection to the northbound database.</summary>
/// <param name="SeenAt">
/// Time when the leader last had a complete replica of the database and an answer from it; null if never.
/// </param>
/// <param name="Error">Why the database is not reached; null if it is.</param>
/// <param name="HvCfg">
/// Value of <c>nb_cfg</c> that every chassis has reached (<c>hv_cfg</c>, ovn-nb(5)); null if it is not known yet.
/// </param>
internal sealed record NorthboundReach(DateTimeOffset? SeenAt, string? Error, long? HvCfg);

/// <summary>Passes that fail. They are repeated, with growing pauses, until one succeeds.</summary>
/// <param name="Since">Time since when all passes have failed.</param>
/// <param name="Error">Error of the last one.</param>
internal sealed record PassFailure(DateTimeOffset Since, string Error);

/// <summary>Result of a pass.</summary>
/// <param name="Full">True if the pass compared all resources.</param>
/// <param name="Objects">Number of resources whose recorded result has changed.</param>
/// <param name="Operations">Number of operations committed in the northbound database.</param>
/// <param name="Milliseconds">Duration in milliseconds.</param>
internal sealed record PassSummary(bool Full, int Objects, int Operations, double Milliseconds);
