using Microsoft.Extensions.Hosting;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// Deletes old rows of every registered <see cref="Retention"/>, once an hour. A failure of one does not stop the others.
/// </summary>
internal sealed partial class RetentionLoop(
    NpgsqlDataSource database,
    IEnumerable<Retention> retentions,
    TimeProvider time,
    ILogger<RetentionLoop> logger
) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var hourly = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await hourly.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var retention in retentions)
            {
                try
                {
                    await retention.PruneAsync(database, cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogFailure(retention.Rows, e.Message);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Deleting old rows failed ({Rows}), next attempt in an hour: {Error}")]
    private partial void LogFailure(string rows, string error);
}
