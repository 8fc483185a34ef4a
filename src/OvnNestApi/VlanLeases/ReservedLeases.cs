using OvnNestApi.Problems;

namespace OvnNestApi.VlanLeases;

/// <summary>Answer to a POST for leases, in the form in which it is stored for repetitions.</summary>
/// <param name="Leases">The leases, ordered by tag.</param>
/// <param name="IsNew">True if the request created them; false if it renewed them.</param>
internal sealed record ReservedLeases(IReadOnlyList<LeaseView> Leases, bool IsNew)
{
    public static Answer<ReservedLeases> Of(string vm, Answer<GrantedLeases> answer) =>
        answer.TryGet(out var granted, out var problem)
            ? new ReservedLeases([.. granted.Leases.Select(lease => LeaseReader.View(vm, lease, []))], granted.IsNew)
            : problem;
}
