using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>A resource with its stored condition, and its condition as evaluated now.</summary>
internal readonly record struct ConditionUpdate(Resource Stored, (Reason Reason, string Message) Current)
{
    /// <summary>True if the current condition has to be written.</summary>
    public bool HasChanged => Stored.Reason != Current.Reason || Stored.Message != Current.Message || Stored.ObservedAt is null;
}

/// <summary>Writes conditions that have changed, with one statement for all resources of a kind.</summary>
internal static class ConditionWriter
{
    /// <summary>Writes the conditions that have changed, with a change row of action "status" for each new reason.</summary>
    public static async Task WriteAsync(NestDb db, KindReadiness kind, List<ConditionUpdate> updates, CancellationToken cancellationToken)
    {
        var changed = updates.Where(v => v.HasChanged).OrderBy(v => v.Stored.Id).ToList();
        if (changed.Count == 0)
        {
            return;
        }

        var (vm, join) = kind.VmColumn is { } column ? ("v.name", $"JOIN vms v ON v.id = w.{column}") : ("NULL", "");
        var sql = $"""
            WITH seen AS (SELECT * FROM unnest(@ids::uuid[], @was::text[], @reasons::text[], @messages::text[]) AS s (id, was, reason,
                message)),
            written AS (
                UPDATE {kind.Table(db)} x SET reason = s.reason, message = s.message, observed_at = now(), since = CASE
                    WHEN x.reason = s.reason THEN x.since ELSE now() END
                FROM seen s WHERE x.id = s.id
                RETURNING x.*, s.was)
            INSERT INTO changes (by, kind, vm, name, object_id, action, before, after)
            SELECT 'reconciler', '{kind.Kind}', {vm}, w.name, w.id, 'status', json_build_object('ready', w.was = 'Ready', 'reason', w.was),
                json_build_object('ready', w.reason = 'Ready', 'reason', w.reason, 'message', w.message)
            FROM written w {join} WHERE w.was <> w.reason
            """;
        await db.ExecuteAsync(
            sql,
            cancellationToken,
            ("ids", changed.Select(v => v.Stored.Id).ToArray()),
            ("was", changed.Select(v => v.Stored.Reason.ToString()).ToArray()),
            ("reasons", changed.Select(v => v.Current.Reason.ToString()).ToArray()),
            ("messages", changed.Select(v => v.Current.Message).ToArray())
        );
    }
}
