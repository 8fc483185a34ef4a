using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Query parameters of a write.</summary>
/// <param name="Wait">Longest time to hold the response, at most 60 s; null to respond at once.</param>
/// <param name="DryRun">True to check and respond as usual, but store nothing.</param>
/// <param name="Cascade">DELETE: true to delete dependent resources too.</param>
/// <param name="Force">DELETE: true to skip the confirmations of hosts; requires an admin.</param>
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

    public static readonly IReadOnlyList<QueryParameter> OfDeletes =
    [
        new(
            "wait",
            "Hold the response until the resource is gone, at most for this time (such as 30s; maximum 60s). 204 if gone, else 202."
        ),
        new("dryRun", "Check and respond as usual, with the `plan` of what would be done, but store nothing.", "boolean"),
        new("cascade", "Delete the resources that depend on this resource too.", "boolean"),
        new("force", "Skip the confirmations of hosts that do not respond (admin only).", "boolean"),
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
