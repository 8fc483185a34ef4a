using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OvnNestApi.Changes;

/// <summary>Deletes changes after their retention, in batches. The newest of them stays: it marks the start of the log.</summary>
internal sealed partial class ChangeRetention(
    NpgsqlDataSource database,
    IOptions<ChangeOptions> options,
    TimeProvider time,
    ILogger<ChangeRetention> logger
) : BackgroundService
{
    private const int Batch = 5000;
    private static readonly TimeSpan Pace = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pace, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                while (await PruneAsync(database, options.Value.Keep, cancellationToken) == Batch) { }
            }
            catch (NpgsqlException e)
            {
                LogFailure(e.Message);
            }
        }
    }

    /// <summary>Deletes one batch; returns the number of deleted changes.</summary>
    internal static async Task<int> PruneAsync(NpgsqlDataSource database, TimeSpan keep, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            DELETE FROM changes WHERE number IN (
                SELECT number FROM changes WHERE number < (SELECT max(number) FROM changes WHERE at < now() - $1) ORDER BY number LIMIT $2)
            """
        );
        command.Parameters.Add(new() { Value = keep });
        command.Parameters.Add(new() { Value = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Deleting old changes failed, next attempt in an hour: {Error}")]
    private partial void LogFailure(string error);
}
