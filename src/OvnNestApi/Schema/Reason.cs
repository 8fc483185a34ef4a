namespace OvnNestApi.Schema;

/// <summary>Why a resource is not ready, in order of precedence: the first cause that applies is shown.</summary>
public enum Reason
{
    /// <summary>The resource is being deleted.</summary>
    Deleting,

    /// <summary>The removal of a former incarnation of the same name, or of a former use of its tag, is not confirmed yet.</summary>
    Replacing,

    /// <summary>A former host of the VM has not confirmed its removal yet.</summary>
    Moving,

    /// <summary>The safety brake withholds a change of the rows that was not requested.</summary>
    Braked,

    /// <summary>The reconciler is in mode <c>observe</c> or <c>off</c>.</summary>
    NotReconciling,

    /// <summary>No reconciler has reached the NB for more than 10 s.</summary>
    NorthboundUnreachable,

    /// <summary>No full resync has finished since the NB was (re)loaded.</summary>
    Unobserved,

    /// <summary>A port of the same parent that is not managed here has the same tag.</summary>
    TagConflict,

    /// <summary>A port that is not managed here has an address of the port on the same logical switch.</summary>
    AddressConflict,

    /// <summary>The rows of the resource are not in the NB yet.</summary>
    NotProgrammed,

    /// <summary>The NB rejected the rows; the message has its error.</summary>
    Rejected,

    /// <summary>Another client keeps changing the rows.</summary>
    Contended,

    /// <summary>The VM has no host.</summary>
    NoHost,

    /// <summary>The agent of the host has not contacted the API for too long.</summary>
    HostSilent,

    /// <summary>The agent could not apply the work; the message has its error.</summary>
    HostFailed,

    /// <summary>The agent has not confirmed the current work yet.</summary>
    HostPending,

    /// <summary>The VM's port is not up.</summary>
    ParentDown,

    /// <summary>The port is not up.</summary>
    PortDown,

    /// <summary>The tag in the NB differs from the leased tag.</summary>
    TagMismatch,

    /// <summary>The MTU of the network is larger than the tunnels of the host carry.</summary>
    MtuTooLarge,

    /// <summary><c>spec.enabled</c> is false.</summary>
    Disabled,

    /// <summary>The resource is as requested.</summary>
    Ready,
}
