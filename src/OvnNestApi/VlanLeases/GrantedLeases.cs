using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Leases that a request created or renewed.</summary>
/// <param name="Leases">The leases, ordered by tag.</param>
/// <param name="IsNew">True if the request created them; false if it renewed them.</param>
internal sealed record GrantedLeases(IReadOnlyList<VlanLease> Leases, bool IsNew);
