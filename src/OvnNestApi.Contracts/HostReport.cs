namespace OvnNestApi.Contracts;

/// <summary>What a host has done and sees, after a pass of its agent: the body of <c>PUT /v1/hosts/{host}/report</c>.</summary>
/// <param name="Cursor">The cursor of the work that was applied.</param>
/// <param name="SystemId">The host's <c>external_ids:system-id</c>, OVN's name of the chassis; null when the local database has none.</param>
/// <param name="NbCfg">br-int's <c>external_ids:ovn-nb-cfg</c>: the NB configuration that this host's flows have reached (ovn-controller(8)); null when unknown.</param>
/// <param name="Objects">Every object of the work, applied or failed.</param>
/// <param name="Bridges">Per VM bridge that bears our mark, or a name out of the work: what is still on it.</param>
/// <param name="Removed">Ids out of <see cref="HostWork.Remove"/> of which nothing is left: seen gone, not assumed.</param>
/// <param name="Unknown">What bears our mark but is neither in the work nor in its removals: kept, and told.</param>
public sealed record HostReport(
    string Cursor,
    string? SystemId,
    long? NbCfg,
    IReadOnlyList<ObjectReport> Objects,
    IReadOnlyList<BridgeReport> Bridges,
    IReadOnlyList<Guid> Removed,
    IReadOnlyList<UnknownObject> Unknown
);

/// <summary>One object as the host has it.</summary>
/// <param name="Id">The VM's or container's id.</param>
/// <param name="Digest">The digest of the work that is in place; null when it is not.</param>
/// <param name="Error">Why it is not in place, in a sentence; null when it is.</param>
/// <param name="Address">The IPv4 address that the device has; null when it has none (yet).</param>
/// <param name="OvnInstalled">VM only: <c>ovn-installed</c> stands on the integration bridge's interface.</param>
public sealed record ObjectReport(Guid Id, string? Digest, string? Error, string? Address, bool OvnInstalled);

/// <summary>What is on a VM's bridge.</summary>
/// <param name="Vm">The VM's id, from the bridge's mark, or from the work if the bridge has lost its mark.</param>
/// <param name="Bridge">The bridge's name.</param>
/// <param name="Tags">Every tag that a port of the bridge bears.</param>
/// <param name="Attached">An interface with the VM's <c>iface-id</c> is on the integration bridge.</param>
public sealed record BridgeReport(Guid Vm, string Bridge, IReadOnlyList<int> Tags, bool Attached);

/// <summary>Something that bears our mark and that nobody asked for.</summary>
/// <param name="Id">The id in the mark.</param>
/// <param name="What">A sentence such as "bridge br-vm9".</param>
public sealed record UnknownObject(Guid Id, string What);
