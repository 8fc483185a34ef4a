using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>
/// Set-based statements that LINQ has no words for, on the context's own connection and in its transaction. Values go as parameters,
/// always.
/// </summary>
internal static class Sql
{
    /// <summary>Runs one statement; returns how many rows it touched.</summary>
    public static async Task<int> ExecuteAsync(
        this NestDb db,
        string sql,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        await using var command = await CommandAsync(db, sql, parameters, cancellationToken);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs a statement and reads its rows. Others may follow it, in the same round trip; their rows are not read.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        this NestDb db,
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        await using var command = await CommandAsync(db, sql, parameters, cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        while (await reader.NextResultAsync(cancellationToken))
        {
            // A later statement's error is thrown here.
        }

        return rows;
    }

    /// <summary>A value, or null, of this type: a statement whose types are known is planned once for a connection.</summary>
    public static NpgsqlParameter Typed(NpgsqlDbType type, object? value) => new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };

    private static async Task<NpgsqlCommand> CommandAsync(
        NestDb db,
        string sql,
        (string Name, object? Value)[] parameters,
        CancellationToken cancellationToken
    )
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        if (connection.State != System.Data.ConnectionState.Open)
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
        }

        var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
        {
            if (value is NpgsqlParameter typed)
            {
                typed.ParameterName = name;
                command.Parameters.Add(typed);
            }
            else
            {
                command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            }
        }

        return command;
    }
}
