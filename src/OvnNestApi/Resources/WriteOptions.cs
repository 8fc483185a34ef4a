using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>What the query of a write asks for.</summary>
/// <param name="Wait">How long the answer may be held; null: not at all.</param>
/// <param name="DryRun">Same checks, same answer, nothing stored.</param>
/// <param name="Cascade">DELETE: dependents go along.</param>
/// <param name="Force">DELETE: an admin's word that no silent host is waited for.</param>
/// <param name="AllowMissing">DELETE: what is not there is gone.</param>
internal sealed record WriteOptions(TimeSpan? Wait, bool DryRun, bool Cascade, bool Force, bool AllowMissing)
{
    public static readonly IReadOnlyList<QueryParameter> OfWrites =
    [
        new(
            "wait",
            "Hold the answer until the object is ready, at most this long (such as 30s, at most 60s). In time: 200 or 201, else 202."
        ),
        new("dryRun", "Same checks, same answer, nothing stored.", "boolean"),
    ];

    public static readonly IReadOnlyList<QueryParameter> OfDeletes =
    [
        new("wait", "Hold the answer until the object is gone, at most this long (such as 30s, at most 60s). In time: 204, else 202."),
        new("dryRun", "Same checks, same answer, nothing stored.", "boolean"),
        new("cascade", "Delete what depends on the object, too.", "boolean"),
        new("force", "Do not wait for hosts that are silent (admin).", "boolean"),
        new("allowMissing", "Answer 204 when there is no such object.", "boolean"),
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

        return options.Force && Principal.Of(context).Role != Role.Admin ? Problem.Forbidden("force is for admins.") : options;
    }
}
