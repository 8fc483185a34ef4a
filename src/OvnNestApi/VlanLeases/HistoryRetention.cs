using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using OvnNestApi.Allocation;

namespace OvnNestApi.VlanLeases;

/// <summary>
/// Deletes entries of the tag history that are older than <see cref="LeaseOptions.KeepHistory"/>, except the latest entry of each tag of an
/// existing VM.
/// </summary>
internal sealed partial class HistoryRetention(
    NpgsqlDataSource database,
    IOptions<LeaseOptions> options,
    TimeProvider time,
    ILogger<HistoryRetention> logger
) : BackgroundService
{
    private const int Batch = 5000;

    private const string Prune = """
        DELETE FROM vlan_history WHERE id IN (
            SELECT id FROM vlan_history h
            WHERE h.until < now() - $1
              AND (NOT EXISTS (SELECT FROM vms v WHERE v.id = h.vm_id)
                   OR EXISTS (SELECT FROM vlan_history later WHERE later.vm_id = h.vm_id AND later.tag = h.tag AND later.id > h.id))
            LIMIT $2)
        """;

    /// <summary>Deletes one batch. Returns the number of deleted entries.</summary>
    internal static async Task<int> PruneAsync(NpgsqlDataSource database, TimeSpan keep, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Prune);
        command.Parameters.Add(new() { Value = keep });
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
                while (await PruneAsync(database, options.Value.KeepHistory, cancellationToken) == Batch) { }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailure(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Failed to prune the history of tags; it is tried again in an hour: {Error}")]
    private partial void LogFailure(string error);
}
