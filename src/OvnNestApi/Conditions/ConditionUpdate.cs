using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>The condition of one object as it is stored.</summary>
internal sealed record StoredCondition(Guid Id, Reason Reason, string Message, DateTimeOffset? ObservedAt);

/// <summary>The condition of one object: as stored, and as it is.</summary>
internal readonly record struct ConditionUpdate(StoredCondition Was, (Reason Reason, string Message) Now)
{
    /// <summary>There is something to write.</summary>
    public bool IsNew => Was.Reason != Now.Reason || Was.Message != Now.Message || Was.ObservedAt is null;
}

/// <summary>Writes conditions where they changed: two statements a kind, however many objects.</summary>
internal static class ConditionWriter
{
    /// <param name="table">The kind's table.</param>
    /// <param name="kind">The kind, as the change log names it.</param>
    public static async Task WriteAsync(
        NestDb db,
        string table,
        string kind,
        List<ConditionUpdate> verdicts,
        CancellationToken cancellationToken
    )
    {
        var changed = verdicts.Where(v => v.IsNew).OrderBy(v => v.Was.Id).ToList();
        if (changed.Count == 0)
        {
            return;
        }

        var (vm, join) = kind == "container" ? ("v.name", "JOIN vms v ON v.id = w.vm_id") : ("NULL", "");
        var sql = $"""
            WITH seen AS (SELECT * FROM unnest(@ids::uuid[], @was::text[], @reasons::text[], @messages::text[]) AS s (id, was, reason, message)),
            written AS (
                UPDATE {table} x SET reason = s.reason, message = s.message, observed_at = now(), since = CASE WHEN x.reason = s.reason THEN x.since ELSE now() END
                FROM seen s WHERE x.id = s.id
                RETURNING x.*, s.was)
            INSERT INTO changes (by, kind, vm, name, object_id, action, before, after)
            SELECT 'reconciler', '{kind}', {vm}, w.name, w.id, 'status', json_build_object('ready', w.was = 'Ready', 'reason', w.was),
                json_build_object('ready', w.reason = 'Ready', 'reason', w.reason, 'message', w.message)
            FROM written w {join} WHERE w.was <> w.reason
            """;
        await db.ExecuteAsync(
            sql,
            cancellationToken,
            ("ids", changed.Select(v => v.Was.Id).ToArray()),
            ("was", changed.Select(v => v.Was.Reason.ToString()).ToArray()),
            ("reasons", changed.Select(v => v.Now.Reason.ToString()).ToArray()),
            ("messages", changed.Select(v => v.Now.Message).ToArray())
        );
    }
}
