using Npgsql;

namespace EndToEnd.Tests;

/// <summary>Queries that read the API's database directly.</summary>
internal static class Sql
{
    public static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
