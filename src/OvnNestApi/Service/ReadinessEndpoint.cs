using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Service;

/// <summary>Counts resources by reason, for progress displays.</summary>
internal static class ReadinessEndpoint
{
    private static readonly string Count = $"""
        SELECT kind, reason, dirty, host, count(*)::int FROM (
            SELECT 'network' AS kind, reason, dirty_seq > reconciled_seq AS dirty, NULL::uuid AS host, labels, NULL AS vm,
                NULL::uuid AS at FROM networks
            UNION ALL SELECT 'router', reason, dirty_seq > reconciled_seq, NULL, labels, NULL, NULL FROM routers
            UNION ALL SELECT 'host', CASE WHEN deleting_since IS NULL THEN 'Ready' ELSE 'Deleting' END, false, id, labels, NULL, id
                FROM hosts
            UNION ALL SELECT 'vm', reason, dirty_seq > reconciled_seq, CASE
                WHEN workload <> 'None' THEN host_id END, labels, name, host_id FROM vms
            UNION ALL SELECT 'container', c.reason, c.dirty_seq > c.reconciled_seq, CASE WHEN c.workload <> 'None'
                AND v.workload <> 'None' THEN v.host_id END, c.labels, v.name, v.host_id
            FROM containers c JOIN vms v ON v.id = c.vm_id) x
        WHERE (@vm::text IS NULL OR vm = @vm::text)
          AND (@host::text IS NULL OR at IN (SELECT id FROM hosts WHERE name = @host::text))
          AND {LabelSelector.Matches("labels")}
        GROUP BY kind, reason, dirty, host
        """;

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
        foreach (var row in await CountAsync(db, vm, host, labels, cancellationToken))
        {
            var reason = row.Kind == "host" ? present.OfHost(row.Reason, row.Host) : present.Of(row.Reason, row.IsDirty, row.Host);
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
        string? vm,
        string? host,
        LabelSelector? labels,
        CancellationToken cancellationToken
    ) =>
        db.QueryAsync(
            Count,
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
