using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>Set-based statements that LINQ has no words for, on the context's own connection and in its transaction. Values go as parameters, always.</summary>
internal static class Sql
{
    /// <summary>Runs one statement; returns how many rows it touched.</summary>
    public static async Task<int> ExecuteAsync(this NestDb db, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = await CommandAsync(db, sql, parameters, cancellationToken);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs one statement and reads its rows.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        this NestDb db, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = await CommandAsync(db, sql, parameters, cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static async Task<NpgsqlCommand> CommandAsync(NestDb db, string sql, (string Name, object? Value)[] parameters, CancellationToken cancellationToken)
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        if (connection.State != System.Data.ConnectionState.Open)
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
        }

        var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }
}
