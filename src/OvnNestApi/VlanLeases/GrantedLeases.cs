using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Leases that a request has.</summary>
/// <param name="Leases">In the order of their tags.</param>
/// <param name="IsNew">True if they were granted by this request; false if it renewed them.</param>
internal sealed record GrantedLeases(IReadOnlyList<VlanLease> Leases, bool IsNew);
