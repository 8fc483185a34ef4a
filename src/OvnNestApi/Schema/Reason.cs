namespace OvnNestApi.Schema;

/// <summary>Why an object is not ready, in the order in which the causes are looked at: the first that holds is told.</summary>
public enum Reason
{
    /// <summary>It is on its way out.</summary>
    Deleting,

    /// <summary>A former incarnation of the same name is not confirmed gone yet.</summary>
    Replacing,

    /// <summary>A former host of the VM still owes its removal.</summary>
    Moving,

    /// <summary>The reconciler has stopped before a pass that would delete too much.</summary>
    Braked,

    /// <summary>The reconciler is in mode <c>observe</c> or <c>off</c>.</summary>
    NotReconciling,

    /// <summary>No reconciler has reached the NB for longer than the grace.</summary>
    NorthboundUnreachable,

    /// <summary>The NB has not been compared since it was (re)loaded.</summary>
    Unobserved,

    /// <summary>A foreign child of the same parent bears the tag.</summary>
    TagConflict,

    /// <summary>The rows are not in the NB yet.</summary>
    NotProgrammed,

    /// <summary>The NB refused the rows; the message has its words.</summary>
    Rejected,

    /// <summary>Somebody else keeps changing the rows.</summary>
    Contended,

    /// <summary>The VM names no host.</summary>
    NoHost,

    /// <summary>The host's agent has not been heard of.</summary>
    HostSilent,

    /// <summary>The agent could not apply the work; the message has its words.</summary>
    HostFailed,

    /// <summary>The agent has not confirmed the present work yet.</summary>
    HostPending,

    /// <summary>The VM's port is not up.</summary>
    ParentDown,

    /// <summary>The port is not up.</summary>
    PortDown,

    /// <summary>The NB says another tag than the lease.</summary>
    TagMismatch,

    /// <summary><c>enabled: false</c> was asked for.</summary>
    Disabled,

    /// <summary>All is as asked.</summary>
    Ready,
}
