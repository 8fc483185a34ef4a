using OvnNestApi.Data;

namespace OvnNestApi.Conditions;

/// <summary>Derives every object's <see cref="Resource.Reason"/> from what is stored of it.</summary>
internal static class Readiness
{
    /// <summary>
    /// Evaluates networks, routers, hosts, VMs and containers, whichever the ids name, and writes reason, message, since and observedAt where they
    /// changed, with a change row "status" each. Part of the caller's transaction.
    /// </summary>
    public static Task EvaluateAsync(NestDb db, IReadOnlyCollection<Guid> objectIds, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
