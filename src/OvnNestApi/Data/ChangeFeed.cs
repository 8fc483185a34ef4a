using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace OvnNestApi.Data;

/// <summary>
/// Finds the position up to which the change log is complete. A transaction takes its number before it commits, so a lower number can
/// become visible later than a higher one. A position is safe when all transactions that can have taken a number up to it have ended. They
/// are known, because a trigger gives each transaction a shared lock before its first number.
/// </summary>
internal sealed class ChangeFeed(NpgsqlDataSource database, TimeProvider time)
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(2);
    private volatile Safe? _last;

    /// <summary>
    /// Returns a safe position without waiting, except for the first. If no transaction is writing, it is at most 100 ms old. Null if none
    /// is known yet, because a transaction that began before this process was started still adds to the log.
    /// </summary>
    public async Task<ChangeCursor?> PresentAsync(CancellationToken cancellationToken)
    {
        if (_last is { } safe && time.GetElapsedTime(safe.At) < CacheTime)
        {
            return safe.Cursor;
        }

        return await UpToAsync(_last is null ? FirstPatience : TimeSpan.Zero, cancellationToken);
    }

    /// <summary>
    /// Waits until the last number taken so far is safe, and returns it. After <paramref name="atMost"/>, returns the last position that is
    /// known to be safe; null if none is known yet.
    /// </summary>
    public async Task<ChangeCursor?> UpToAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();

        // In this order: a transaction that has taken a number up to the last one holds its lock, or has ended.
        var last = await LastAsync(cancellationToken);
        var writers = await WritersAsync(null, cancellationToken);
        while (writers.Length > 0)
        {
            if (time.GetElapsedTime(start) >= atMost)
            {
                return _last?.Cursor;
            }

            await Task.Delay(Interval, time, cancellationToken);
            writers = await WritersAsync(writers, cancellationToken);
        }

        _last = new(last, time.GetTimestamp());
        return last;
    }

    /// <summary>
    /// Returns the last number taken so far, with an identifier of the log, which a restore changes: the database then assigns the same
    /// numbers again. It is read each time, because a database can be restored while this process runs.
    /// </summary>
    private async Task<ChangeCursor> LastAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT substr(md5(concat_ws('/', (SELECT installation FROM leader), (SELECT system_identifier FROM pg_control_system()),
                (SELECT timeline_id FROM pg_control_checkpoint()), (SELECT oid FROM pg_database
                    WHERE datname = current_database()))), 1, 12), CASE WHEN is_called THEN last_value ELSE last_value - 1 END
            FROM change_seq
            """
        );
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new(row.GetString(0), row.GetInt64(1));
    }

    /// <summary>Returns the open transactions that have added to the log.</summary>
    /// <param name="among">Only these; null for all.</param>
    private async Task<string[]> WritersAsync(string[]? among, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT coalesce(array_agg(virtualtransaction), '{}') FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND classid = 0 AND objid = 'changes'::regclass AND objsubid = 1 AND ($1 IS NULL OR virtualtransaction = ANY($1))
            """
        );
        command.Parameters.Add(new() { Value = (object?)among ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        return await command.ExecuteScalarAsync(cancellationToken) as string[] ?? [];
    }

    private sealed record Safe(ChangeCursor Cursor, long At);
}

/// <summary>A position in the change log.</summary>
/// <param name="Epoch">Identifier of the log; differs after the database was restored.</param>
/// <param name="Number">Number of the last change before the position.</param>
internal readonly record struct ChangeCursor(string Epoch, long Number)
{
    /// <summary>Parses the form that <see cref="ToString"/> returns.</summary>
    public static bool TryParse(string? text, out ChangeCursor cursor)
    {
        cursor = default;
        if (
            text?.Split('-', 2) is not [{ Length: > 0 and <= 32 } epoch, var digits]
            || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            return false;
        }

        cursor = new(epoch, number);
        return true;
    }

    /// <summary>Returns the opaque form that clients send back.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");
}
