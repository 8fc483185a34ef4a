using Microsoft.Extensions.Hosting;
using Npgsql;

namespace OvnNestApi.Http;

/// <summary>Deletes the answers of idempotent requests after their lifetime, in batches.</summary>
internal sealed partial class IdempotencyRetention(NpgsqlDataSource database, TimeProvider time, ILogger<IdempotencyRetention> logger)
    : BackgroundService
{
    private const int Batch = 5000;

    // A record that is stored again in the meantime is no longer old, so the condition is checked on the deleted row too.
    private const string Prune = $"""
        DELETE FROM idempotency_records WHERE at <= now() - {Idempotency.Lifetime} AND (principal_id, key) IN (
            SELECT principal_id, key FROM idempotency_records WHERE at <= now() - {Idempotency.Lifetime} LIMIT $1)
        """;

    /// <summary>Deletes one batch; returns the number of deleted records.</summary>
    internal static async Task<int> PruneAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Prune);
        command.Parameters.Add(new() { Value = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var hourly = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await hourly.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                while (await PruneAsync(database, cancellationToken) == Batch) { }
            }
            catch (NpgsqlException e)
            {
                LogFailure(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Deleting old answers of idempotent requests failed, next attempt in an hour: {Error}")]
    private partial void LogFailure(string error);
}
