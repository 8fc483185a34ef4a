using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Query parameters of a write.</summary>
/// <param name="Wait">Longest time to hold the response, at most 60 s; null to respond at once.</param>
/// <param name="DryRun">True to check and respond as usual, but store nothing.</param>
/// <param name="Cascade">DELETE: true to delete dependent resources too.</param>
/// <param name="Force">
/// True not to wait for the confirmations of silent hosts; DELETE: also to delete what other clients have added; requires an admin.
/// </param>
/// <param name="AllowMissing">DELETE: true to respond with 204 instead of 404.</param>
internal sealed record WriteOptions(TimeSpan? Wait, bool DryRun, bool Cascade, bool Force, bool AllowMissing)
{
    public static readonly IReadOnlyList<QueryParameter> OfWrites =
    [
        new(
            "wait",
            "Hold the response until the resource is ready, at most for this time (such as 30s; maximum 60s). "
                + "200 or 201 if ready, else 202."
        ),
        new("dryRun", "Check and respond as usual, with the `plan` of what would be done, but store nothing.", "boolean"),
    ];

    public static readonly QueryParameter ForceOfWrites = new(
        "force",
        "Do not wait until former hosts that are silent have removed the VM: it is created on its host under a new port name, and a "
            + "former host removes it when it returns (admin only).",
        "boolean"
    );

    public static readonly IReadOnlyList<QueryParameter> OfDeletes =
    [
        new(
            "wait",
            "Hold the response until the resource is gone, at most for this time (such as 30s; maximum 60s). 204 if gone, else 202."
        ),
        new("dryRun", "Check and respond as usual, with the `plan` of what would be done, but store nothing.", "boolean"),
        new("cascade", "Delete the resources that depend on this resource too.", "boolean"),
        new(
            "force",
            "Do not wait for the confirmations of hosts that are silent; they remove the resource when they return. Networks and "
                + "routers: also delete what other clients have added to their switch, router and router port, such as ports, ACLs, NAT "
                + "rules and routes. Admin only.",
            "boolean"
        ),
        new("allowMissing", "Respond with 204 if the resource does not exist.", "boolean"),
    ];

    public static Answer<WriteOptions> Of(HttpContext context)
    {
        var query = new Query(context.Request);
        var options = new WriteOptions(
            query.Duration("wait"),
            query.Flag("dryRun"),
            query.Flag("cascade"),
            query.Flag("force"),
            query.Flag("allowMissing")
        );
        if (query.Problem is { } problem)
        {
            return problem;
        }

        return options.Force && Principal.Of(context).Role != Role.Admin ? Problem.Forbidden("Only an admin can use force.") : options;
    }
}
