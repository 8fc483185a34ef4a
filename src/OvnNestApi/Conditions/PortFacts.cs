using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>What is stored of a VM or container, as far as its condition depends on it.</summary>
internal sealed record PortFacts
{
    /// <summary>Asked to go. <see cref="WaitsFor"/> says what is left of it.</summary>
    public bool IsDeleting { get; init; }

    /// <summary>Whom the deletion, or that of the former incarnation, waits for: "host ubuntu2", "the NB"; null: nobody is known.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>A former incarnation of the name, or a former use of its tag, is not confirmed gone.</summary>
    public bool IsReplacing { get; init; }

    /// <summary>Another host that still has something of the VM; null: none.</summary>
    public string? FormerHost { get; init; }

    /// <summary>The rows are in the NB. Whether they are to be changed is added when read: <see cref="Liveness"/>.</summary>
    public bool IsProgrammed { get; init; }

    /// <summary>What is in the way of the rows; null: nothing.</summary>
    public Reason? RejectedAs { get; init; }

    /// <summary>The words to <see cref="RejectedAs"/>.</summary>
    public string? Rejection { get; init; }

    /// <summary>False: <c>workload: none</c>, the host's side is somebody else's.</summary>
    public bool HasHostSide { get; init; } = true;

    /// <summary>The VM's host; null: none.</summary>
    public string? Host { get; init; }

    /// <summary>What the host's agent could not do; null: nothing that it tells.</summary>
    public string? HostError { get; init; }

    /// <summary>The agent has the present work of the object, and of the VM's link to OVN, in place.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>A tag that the container had before, and to which the host's port or flows may still lead; null: none.</summary>
    public int? FormerTag { get; init; }

    /// <summary>The VM's port is up; for a VM itself always true.</summary>
    public bool IsParentUp { get; init; } = true;

    /// <summary>The port is up.</summary>
    public bool IsUp { get; init; }

    /// <summary>The leased tag; null for a VM.</summary>
    public int? Tag { get; init; }

    /// <summary>The tag that the NB shows; null: none.</summary>
    public int? ObservedTag { get; init; }

    /// <summary><c>enabled</c> of the spec.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The first cause that holds, in the order of <see cref="Reason"/>. What concerns all objects, and silence, is added when read: <see cref="Liveness"/>.</summary>
    public (Reason Reason, string Message) Judge() =>
        this switch
        {
            { IsDeleting: true } => (
                Reason.Deleting,
                WaitsFor is null ? "It is being deleted." : $"It is being deleted, and waits for {WaitsFor}."
            ),
            { IsReplacing: true } => (
                Reason.Replacing,
                $"Its predecessor is not confirmed gone{(WaitsFor is null ? "" : $": {WaitsFor} still has it")}."
            ),
            { FormerHost: not null } => (Reason.Moving, $"Host {FormerHost} has not confirmed yet that nothing of the VM is left there."),
            { RejectedAs: Reason.TagConflict } => (Reason.TagConflict, Rejection ?? "A foreign port of the same parent bears the tag."),
            { RejectedAs: null, IsProgrammed: false } => (Reason.NotProgrammed, "Its rows are not in the northbound database yet."),
            { RejectedAs: Reason.Contended } => (Reason.Contended, Rejection ?? "Somebody else keeps changing its rows."),
            { RejectedAs: not null } => (Reason.Rejected, $"The northbound database refused its rows: {Rejection}"),
            { HasHostSide: true, Host: null } => (Reason.NoHost, "The VM names no host."),
            { HasHostSide: true, HostError: not null } => (Reason.HostFailed, $"Host {Host}: {HostError}"),
            { HasHostSide: true, IsConfirmed: false } => (Reason.HostPending, $"Host {Host} has not confirmed the present work yet."),
            { HasHostSide: true, FormerTag: not null } => (
                Reason.HostPending,
                $"Host {Host} has not confirmed yet that nothing leads to the former tag {FormerTag} any more."
            ),
            { IsParentUp: false } => (Reason.ParentDown, "The VM's port is not up."),
            { IsUp: false } => (Reason.PortDown, "Its port is not up."),
            { Tag: not null } when Tag != ObservedTag => (
                Reason.TagMismatch,
                $"The lease says tag {Tag}, the northbound database {(ObservedTag is null ? "none" : $"{ObservedTag}")}."
            ),
            { IsEnabled: false } => (Reason.Disabled, "The spec says enabled: false, so the port drops all traffic."),
            _ => (Reason.Ready, ""),
        };
}
