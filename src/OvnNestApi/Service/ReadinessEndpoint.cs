using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Service;

/// <summary>Counts resources by reason, for progress displays.</summary>
internal static class ReadinessEndpoint
{
    public static void MapReadiness(this IEndpointRouteBuilder api) =>
        api.MapRead("/readiness", GetAsync)
            .WithTags("Readiness")
            .Takes(
                new("label", "Only resources with all of these labels: a comma-separated list of key=value or key."),
                new("vm", "Only this VM and its containers. All numbers are 0 if the VM does not exist."),
                new("host", "Only this host, its VMs and their containers. All numbers are 0 if the host does not exist.")
            )
            .Describe("get-readiness", "Count resources by reason", "Counts the resources of all kinds by `status.reason`.");

    internal static async Task<Reply<JsonResult<ReadinessView>>> GetAsync(
        HttpContext context,
        NestDb db,
        Readiness readiness,
        CachedLiveness liveness,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (vm, host, labels) = (query.Name("vm"), query.Name("host"), query.Selector("label"));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var present = await liveness.ReadAsync(db, cancellationToken);
        var counts = new Dictionary<Reason, int>();
        var kinds = readiness.Kinds.ToDictionary(kind => kind.Kind);
        foreach (var row in await CountAsync(db, readiness, vm, host, labels, cancellationToken))
        {
            var reason = kinds[row.Kind].Current(present, row.Reason, row.IsDirty, row.Host);
            counts[reason] = counts.GetValueOrDefault(reason) + row.Count;
        }

        var others = counts.Where(count => count.Key != Reason.Ready).OrderBy(count => count.Key);
        return new JsonResult<ReadinessView>(
            new(
                counts.Values.Sum(),
                counts.GetValueOrDefault(Reason.Ready),
                others.ToDictionary(count => count.Key.ToString(), count => count.Value)
            )
        );
    }

    private static Task<List<CountRow>> CountAsync(
        NestDb db,
        Readiness readiness,
        string? vm,
        string? host,
        LabelSelector? labels,
        CancellationToken cancellationToken
    )
    {
        var all = string.Join(" UNION ALL ", readiness.Kinds.Select(kind => kind.Counted(db)));
        return db.QueryAsync(
            $"""
            SELECT kind, reason, dirty, host, count(*)::int FROM ({all}) x
            WHERE (@vm::text IS NULL OR vm = @vm::text)
              AND (@host::text IS NULL OR at IN (SELECT id FROM hosts WHERE name = @host::text))
              AND {LabelSelector.Matches("labels")}
            GROUP BY kind, reason, dirty, host
            """,
            row => new CountRow(
                row.GetString(0),
                Enum.Parse<Reason>(row.GetString(1)),
                row.GetBoolean(2),
                row.IsDBNull(3) ? null : row.GetGuid(3),
                row.GetInt32(4)
            ),
            cancellationToken,
            [("vm", vm), ("host", host), .. LabelSelector.Parameters(labels)]
        );
    }

    /// <summary>Number of resources of one kind with the same stored reason.</summary>
    /// <param name="IsDirty">True if the reconciler has not processed the last change yet.</param>
    /// <param name="Host">Host on which the condition depends; null if it depends on none.</param>
    private sealed record CountRow(string Kind, Reason Reason, bool IsDirty, Guid? Host, int Count);
}

/// <summary>Numbers of resources that are ready and that are not.</summary>
/// <param name="Total">Number of matching resources.</param>
/// <param name="Ready">Number of those that are ready.</param>
/// <param name="Reasons">Number of the others by <c>status.reason</c>.</param>
public sealed record ReadinessView(int Total, int Ready, IReadOnlyDictionary<string, int> Reasons);
