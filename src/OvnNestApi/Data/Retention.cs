using Npgsql;

namespace OvnNestApi.Data;

/// <summary>Old rows of a table, which <see cref="RetentionLoop"/> deletes.</summary>
/// <param name="Rows">What the rows are, for the log.</param>
/// <param name="Statement">Deletes at most $2 rows that are older than $1.</param>
/// <param name="Keep">Age from which rows are deleted.</param>
internal sealed record Retention(string Rows, string Statement, TimeSpan Keep)
{
    private const int Batch = 5000;

    /// <summary>Deletes the old rows in batches. Returns the number of deleted rows.</summary>
    public async Task<int> PruneAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            await using var command = database.CreateCommand(Statement);
            command.Parameters.Add(new() { Value = Keep });
            command.Parameters.Add(new() { Value = Batch });
            var deleted = await command.ExecuteNonQueryAsync(cancellationToken);
            total += deleted;
            if (deleted < Batch)
            {
                return total;
            }
        }
    }
}
