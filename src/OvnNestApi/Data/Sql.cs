using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>
/// Runs SQL that LINQ cannot express, on the connection and in the transaction of the context. Values must be passed as parameters.
/// </summary>
internal static class Sql
{
    /// <summary>Runs one or more statements; returns the number of affected rows.</summary>
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

    /// <summary>Runs a statement and returns its rows. More statements can follow in the same text; their rows are ignored.</summary>
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
            // Throws if a later statement failed.
        }

        return rows;
    }

    /// <summary>Runs a statement and returns its rows as they arrive.</summary>
    public static async IAsyncEnumerable<T> StreamAsync<T>(
        this NestDb db,
        string sql,
        Func<NpgsqlDataReader, T> read,
        (string Name, object? Value)[] parameters,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var command = await CommandAsync(db, sql, parameters, cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return read(reader);
        }
    }

    /// <summary>Returns a parameter with an explicit type, also for null, so that a connection plans the statement only once.</summary>
    public static NpgsqlParameter Typed(NpgsqlDbType type, object? value) => new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };

    /// <summary>Returns a parameter with a name.</summary>
    public static NpgsqlParameter Parameter((string Name, object? Value) parameter)
    {
        var typed = parameter.Value as NpgsqlParameter ?? new() { Value = parameter.Value ?? DBNull.Value };
        typed.ParameterName = parameter.Name;
        return typed;
    }

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
        command.CommandTimeout = db.Database.GetCommandTimeout() ?? command.CommandTimeout;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(Parameter(parameter));
        }

        return command;
    }
}
