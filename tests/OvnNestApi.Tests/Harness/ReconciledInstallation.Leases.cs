using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <content>Leases of VLAN tags.</content>
public sealed partial class ReconciledInstallation
{
    /// <summary>Reserves a tag for an owner.</summary>
    public Task<ApiResponse> ReserveAsync(int tag, string owner, string? ttl = null, string vm = "vm5") =>
        Api.PutSpecAsync($"/v1/vms/{vm}/vlan-leases/{tag}", Json(("owner", owner), ("ttl", ttl)));

    /// <summary>Returns the lease of a tag; null if the tag is free.</summary>
    internal Task<VlanLease?> LeaseAsync(int tag, string vm = "vm5") =>
        ReadAsync(db =>
            db.VlanLeases.AsNoTracking()
                .SingleOrDefaultAsync(lease => lease.Tag == tag && db.Vms.Any(v => v.Id == lease.VmId && v.Name == vm))
        );

    /// <summary>Waits until the lease of a tag has this state, and returns it.</summary>
    internal async Task<VlanLease> LeaseBecomesAsync(int tag, LeaseState state) =>
        (await Eventually.Becomes($"tag {tag} is {state}", () => LeaseAsync(tag), lease => lease?.State == state))!;

    /// <summary>Waits until a released tag has cooled down. It can be granted again from then on.</summary>
    public Task CooledAsync(int tag) => LeaseBecomesAsync(tag, LeaseState.Cooling);

    /// <summary>Waits until the NB no longer has a draining tag, and returns its lease with the barrier.</summary>
    internal async Task<VlanLease> BarrierAsync(int tag)
    {
        var lease = await Eventually.Becomes(
            $"the lease of tag {tag} has its barrier",
            () => LeaseAsync(tag),
            lease => lease?.DrainNbCfg is not null
        );
        Assert.Equal(LeaseState.Draining, lease!.State);
        return lease;
    }
}
