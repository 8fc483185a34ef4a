using System.Text.Json;
using NpgsqlTypes;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Gives a repeated request the answer of the first one. The answer is stored in the transaction of the effect.</summary>
internal static class Idempotency
{
    private const string Lifetime = "interval '24 hours'";

    /// <summary>Does not wait: a request that waited would hold a connection for as long as the first one runs.</summary>
    private const string Lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(@principal::text || ' ' || @key, 0))";

    private const string Find = $"""
        SELECT request_sha256, answer FROM idempotency_records
        WHERE principal_id = @principal AND key = @key AND at > now() - {Lifetime}
        """;

    private const string Store = """
        INSERT INTO idempotency_records (principal_id, key, request_sha256, answer) VALUES (@principal, @key, @hash, @answer)
        ON CONFLICT (principal_id, key)
        DO UPDATE SET request_sha256 = excluded.request_sha256, answer = excluded.answer, at = excluded.at
        """;

    // A record that is stored again in the meantime is no longer old, so the condition is checked on the deleted row too.
    private const string Prune = """
        DELETE FROM idempotency_records WHERE at <= now() - $1 AND (principal_id, key) IN (
            SELECT principal_id, key FROM idempotency_records WHERE at <= now() - $1 LIMIT $2)
        """;

    /// <summary>Deletes answers after their lifetime.</summary>
    public static Retention Retention { get; } = new("answers of idempotent requests", Prune, TimeSpan.FromHours(24));

    /// <summary>
    /// Returns the stored answer to the request with this key, or runs the effect in a transaction and stores its answer in the same.
    /// </summary>
    /// <param name="key">Key of the request; null to run the effect in any case.</param>
    /// <returns>The answer; the problem of the effect or of the transaction, which is not stored; or the problem of the key.</returns>
    public static Task<Answer<T>> RunOnceAsync<T>(
        this Transactions transactions,
        NestDb db,
        IdempotencyKey? key,
        Func<CancellationToken, Task<Answer<T>>> effect,
        bool dryRun,
        CancellationToken cancellationToken
    ) =>
        transactions.RunAsync(db, token => key is null ? effect(token) : FindOrRunAsync(db, key, effect, token), dryRun, cancellationToken);

    private static async Task<Answer<T>> FindOrRunAsync<T>(
        NestDb db,
        IdempotencyKey key,
        Func<CancellationToken, Task<Answer<T>>> effect,
        CancellationToken cancellationToken
    )
    {
        var (principal, text) = (("principal", (object?)key.PrincipalId), ("key", (object?)key.Text));
        if (await db.QueryAsync(Lock, row => row.GetBoolean(0), cancellationToken, principal, text) is [false])
        {
            return Problem.IdempotencyInFlight();
        }

        // A statement of its own, because it must see what the former holder of the lock has committed.
        var records = await db.QueryAsync(
            Find,
            row => (Hash: row.GetFieldValue<byte[]>(0), Answer: row.GetString(1)),
            cancellationToken,
            principal,
            text
        );
        if (records is [var record])
        {
            return record.Hash.AsSpan().SequenceEqual(key.RequestSha256) ? Read<T>(record.Answer) : Problem.IdempotencyKeyReused();
        }

        var answer = await effect(cancellationToken);
        if (answer.TryGet(out var value, out _))
        {
            var json = Sql.Typed(NpgsqlDbType.Json, JsonSerializer.Serialize(value, ApiJson.Options));
            await db.ExecuteAsync(Store, cancellationToken, principal, text, ("hash", key.RequestSha256), ("answer", json));
        }

        return answer;
    }

    private static T Read<T>(string answer) =>
        JsonSerializer.Deserialize<T>(answer, ApiJson.Options) ?? throw new InvalidDataException("A stored answer is null.");
}
