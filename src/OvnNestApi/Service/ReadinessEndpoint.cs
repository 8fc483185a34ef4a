using System.Text.Json;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Service;

/// <summary>How much of the installation is ready: the progress of anything long.</summary>
internal static class ReadinessEndpoint
{
    private const string Count = """
        SELECT kind, reason, dirty, host, count(*)::int FROM (
            SELECT 'network' AS kind, reason, dirty_seq > reconciled_seq AS dirty, NULL::uuid AS host, labels, NULL AS vm,
                NULL::uuid AS at FROM networks
            UNION ALL SELECT 'router', reason, dirty_seq > reconciled_seq, NULL, labels, NULL, NULL FROM routers
            UNION ALL SELECT 'host', CASE WHEN deleting_since IS NULL THEN 'Ready' ELSE 'Deleting' END, false, id, labels, NULL, id
                FROM hosts
            UNION ALL SELECT 'vm', reason, dirty_seq > reconciled_seq, CASE
                WHEN workload <> 2 THEN host_id END, labels, name, host_id FROM vms
            UNION ALL SELECT 'container', c.reason, c.dirty_seq > c.reconciled_seq, CASE WHEN c.workload <> 2
                AND v.workload <> 2 THEN v.host_id END, c.labels, v.name, v.host_id
            FROM containers c JOIN vms v ON v.id = c.vm_id) x
        WHERE (@vm::text IS NULL OR vm = @vm::text)
          AND (@host::text IS NULL OR at IN (SELECT id FROM hosts WHERE name = @host::text))
          AND (@pairs::text IS NULL OR (labels::jsonb @> @pairs::jsonb AND labels::jsonb ?& @keys::text[]))
        GROUP BY kind, reason, dirty, host
        """;

    public static void MapReadiness(this IEndpointRouteBuilder api) =>
        api.MapRead("/readiness", GetAsync)
            .WithTags("Readiness")
            .Takes(
                new("label", "Only objects with this label: key=value or key, several with commas between."),
                new("vm", "Only this VM and its containers."),
                new("host", "Only this host, its VMs and their containers.")
            )
            .Describe("get-readiness", "How much is ready", "Counts objects of all kinds by their reason.");

    internal static async Task<Reply<JsonResult<ReadinessView>>> GetAsync(
        HttpContext context,
        NestDb db,
        CachedLiveness liveness,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (vm, host, label) = (query.Name("vm"), query.Name("host"), query.Text("label"));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var parts = label?.Split(',') ?? [];
        if (parts.Any(part => part.Length == 0 || part[0] == '=') || label is { Length: > 1024 })
        {
            return Problem.UnknownParameter("label must be key=value or key, several with commas between.");
        }

        var pairs = parts
            .Where(part => part.Contains('=', StringComparison.Ordinal))
            .Select(part => part.Split('=', 2))
            .DistinctBy(part => part[0])
            .ToDictionary(part => part[0], part => part[1]);
        var present = await liveness.ReadAsync(db, cancellationToken);
        var rows = await db.QueryAsync(
            Count,
            row =>
                (
                    Kind: row.GetString(0),
                    Reason: Enum.Parse<Reason>(row.GetString(1)),
                    IsDirty: row.GetBoolean(2),
                    Host: row.IsDBNull(3) ? (Guid?)null : row.GetGuid(3),
                    Count: row.GetInt32(4)
                ),
            cancellationToken,
            ("vm", vm),
            ("host", host),
            ("pairs", label is null ? null : JsonSerializer.Serialize(pairs, JsonSerializerOptions.Default)),
            ("keys", parts.Where(part => !part.Contains('=', StringComparison.Ordinal)).ToArray())
        );
        var reasons = rows.GroupBy(
                row => row.Kind == "host" ? present.OfHost(row.Reason, row.Host) : present.Of(row.Reason, row.IsDirty, row.Host),
                row => row.Count
            )
            .ToDictionary(group => group.Key, group => group.Sum());
        return new JsonResult<ReadinessView>(
            new(
                reasons.Values.Sum(),
                reasons.GetValueOrDefault(Reason.Ready),
                reasons.Where(r => r.Key != Reason.Ready).OrderBy(r => r.Key).ToDictionary(r => r.Key.ToString(), r => r.Value)
            )
        );
    }
}

/// <summary>How much is ready.</summary>
/// <param name="Total">How many objects were counted.</param>
/// <param name="Ready">How many of them are as asked.</param>
/// <param name="Reasons">The others by reason.</param>
public sealed record ReadinessView(int Total, int Ready, IReadOnlyDictionary<string, int> Reasons);
