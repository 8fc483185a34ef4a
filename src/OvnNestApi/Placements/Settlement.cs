using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Placements;

/// <summary>
/// Draws the conclusions from what the NB and the hosts have confirmed: releases end, successors take over, what is gone is deleted.
/// Level-based: a call too many changes nothing. Part of the caller's transaction.
/// </summary>
internal sealed class Settlement(IOptions<LeaseOptions> options)
{
    private TimeSpan Cooldown => options.Value.Cooldown;

    /// <summary>Settles these VMs and their containers. Locks the VMs' rows first.</summary>
    public Task SettleAsync(NestDb db, IReadOnlyCollection<Guid> vmIds, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes networks, routers and hosts that are on their way out and of which nothing is left.</summary>
    public Task SettleNetworksAsync(NestDb db, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>
    /// An administrator's word that no host uses the VM or container any more (a VM: with its containers). What was owed is dropped. If a former host of
    /// a VM that is to stay still owed it, the VM's port gets another name, which that host's interface does not match.
    /// </summary>
    public Task ForceObjectAsync(NestDb db, Guid objectId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>An administrator's word that the host never comes back: whatever it owed is dropped.</summary>
    public Task ForceHostAsync(NestDb db, Guid hostId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>An administrator's word that the tag is used by no host: draining and cooling end, once the NB has it no more.</summary>
    public Task ForceLeaseAsync(NestDb db, Guid leaseId, CancellationToken cancellationToken) => throw new NotImplementedException();
}
