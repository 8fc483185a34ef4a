using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using OvnNestApi.Allocation;

namespace OvnNestApi.VlanLeases;

/// <summary>
/// Forgets who had which tag, after <see cref="LeaseOptions.KeepHistory"/>; of each tag of a VM that is there the last holder stays.
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

    /// <summary>One batch; returns how many it was.</summary>
    internal static async Task<int> PruneAsync(NpgsqlDataSource database, TimeSpan keep, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Prune);
        command.Parameters.Add(new() { Value = keep });
        command.Parameters.Add(new() { Value = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hourly = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await hourly.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await PruneAsync(database, options.Value.KeepHistory, stoppingToken) == Batch) { }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailure(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Old history of tags could not be pruned; the next hour takes it up: {Error}")]
    private partial void LogFailure(string error);
}
