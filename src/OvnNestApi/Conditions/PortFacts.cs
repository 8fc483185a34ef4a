using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>Stored state that decides the condition of a resource; the defaults suit resources that have no port.</summary>
internal sealed record PortFacts
{
    /// <summary>True while the resource is being deleted. <see cref="WaitsFor"/> names what still has to confirm.</summary>
    public bool IsDeleting { get; init; }

    /// <summary>
    /// Component that still has to confirm the removal of this or the former incarnation, such as "host ubuntu2"; null if unknown.
    /// </summary>
    public string? WaitsFor { get; init; }

    /// <summary>True while a former incarnation of the name, or a former use of its tag, is not confirmed as removed.</summary>
    public bool IsReplacing { get; init; }

    /// <summary>Former host that has not confirmed the removal of the VM; null if none.</summary>
    public string? FormerHost { get; init; }

    /// <summary>True if the rows are in the NB. Whether they have to change is added on reading, by <see cref="Liveness"/>.</summary>
    public bool IsProgrammed { get; init; }

    /// <summary>Why the rows could not be written; null if they could.</summary>
    public Reason? RejectedAs { get; init; }

    /// <summary>Message that belongs to <see cref="RejectedAs"/>.</summary>
    public string? Rejection { get; init; }

    /// <summary>True if an agent configures the device; false with <c>workload: none</c>, and for resources without a device.</summary>
    public bool HasDevice { get; init; } = true;

    /// <summary>Name of the VM's host; null if none.</summary>
    public string? Host { get; init; }

    /// <summary>Error that the host's agent reported; null if none.</summary>
    public string? HostError { get; init; }

    /// <summary>True if the agent has applied the current work of the resource and the VM is connected to OVN.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Former tag of the container that a port or flow of the host may still use; null if none.</summary>
    public int? FormerTag { get; init; }

    /// <summary>True if the VM's port is up; always true for a VM itself.</summary>
    public bool IsParentUp { get; init; } = true;

    /// <summary>True if the port is up.</summary>
    public bool IsUp { get; init; }

    /// <summary>Leased tag, 1–4094; null for a VM.</summary>
    public int? Tag { get; init; }

    /// <summary>Tag in the NB; null if none.</summary>
    public int? ObservedTag { get; init; }

    /// <summary>MTU of the port's network in bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>Largest MTU in bytes that the tunnels of the host carry; null if unknown.</summary>
    public int? TunnelMtu { get; init; }

    /// <summary>Value of <c>spec.enabled</c>.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Returns the facts that all resources have.</summary>
    public static PortFacts Of(Resource resource) =>
        new()
        {
            IsDeleting = resource.DeletingSince is not null,
            IsProgrammed = resource.InNorthbound,
            RejectedAs = resource.RejectedAs,
            Rejection = resource.Rejection,
        };

    /// <summary>
    /// Returns the first cause that applies, in the order of <see cref="Reason"/>, with its message. Causes that concern all resources, and
    /// silent hosts, are added on reading, by <see cref="Liveness"/>.
    /// </summary>
    public (Reason Reason, string Message) Evaluate() =>
        this switch
        {
            { IsDeleting: true } => (
                Reason.Deleting,
                $"The resource is being deleted.{(WaitsFor is null ? "" : $" Waiting for {WaitsFor} to confirm.")}"
                    + (Rejection is null ? "" : $" {Rejection}")
            ),
            { IsReplacing: true } => (
                Reason.Replacing,
                "The removal of the previous holder of the name or tag is not confirmed yet."
                    + (WaitsFor is null ? "" : $" Waiting for {WaitsFor}.")
            ),
            { FormerHost: not null } => (Reason.Moving, $"The former host {FormerHost} has not confirmed the removal of the VM yet."),
            { RejectedAs: Reason.Braked } => (Reason.Braked, Rejection ?? ""),
            { RejectedAs: Reason.TagConflict } => (
                Reason.TagConflict,
                Rejection ?? "Another port of the same parent, not managed here, has the same tag."
            ),
            { RejectedAs: Reason.AddressConflict } => (
                Reason.AddressConflict,
                Rejection ?? "Another port of the same logical switch, not managed here, has an address of the port."
            ),
            { RejectedAs: null, IsProgrammed: false } => (
                Reason.NotProgrammed,
                "The rows of the resource are not in the northbound database yet."
            ),
            { RejectedAs: Reason.Contended } => (Reason.Contended, Rejection ?? "Another client keeps changing the rows of the resource."),
            { RejectedAs: not null } => (Reason.Rejected, $"The northbound database rejected the rows of the resource: {Rejection}"),
            { HasDevice: true, Host: null } => (Reason.NoHost, "The VM has no host: its spec.host is not set."),
            { HasDevice: true, HostError: not null } => (Reason.HostFailed, $"Host {Host}: {HostError}"),
            { HasDevice: true, IsConfirmed: false } => (Reason.HostPending, $"Host {Host} has not confirmed the current work yet."),
            { HasDevice: true, FormerTag: not null } => (
                Reason.HostPending,
                $"Host {Host} has not confirmed yet that the former tag {FormerTag} is no longer in use."
            ),
            { IsParentUp: false } => (Reason.ParentDown, "The VM's port is not up."),
            { IsUp: false } => (Reason.PortDown, "The port is not up."),
            { Tag: not null } when Tag != ObservedTag => (
                Reason.TagMismatch,
                $"The leased tag is {Tag}, but the northbound database has {(ObservedTag is null ? "none" : $"tag {ObservedTag}")}."
            ),
            { TunnelMtu: not null } when Mtu > TunnelMtu => (
                Reason.MtuTooLarge,
                $"The network has an MTU of {Mtu}, but the tunnels of host {Host} carry {TunnelMtu}: larger packets are lost. "
                    + $"Set dhcp.mtu of the network to {TunnelMtu} or less, or increase the MTU of the device with the host's ovn-encap-ip."
            ),
            { IsEnabled: false } => (Reason.Disabled, "The port is disabled (spec.enabled is false) and drops all traffic."),
            _ => (Reason.Ready, ""),
        };
}
