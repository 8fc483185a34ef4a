using System.Globalization;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// Finds the position up to which the change log is complete. A transaction takes its number before it commits, so a lower number can
/// become visible later than a higher one. A position is safe when all transactions that can have taken a number up to it have ended.
/// </summary>
internal sealed class ChangeFeed(NpgsqlDataSource database, TimeProvider time)
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private volatile Safe? _last;
    private string? _epoch;

    /// <summary>
    /// Returns a safe position without waiting. If no transaction is writing, it is at most 100 ms old.
    /// </summary>
    public async Task<ChangeCursor> PresentAsync(CancellationToken cancellationToken)
    {
        if (_last is { } safe && time.GetElapsedTime(safe.At) < CacheTime)
        {
            return safe.Cursor;
        }

        return await UpToAsync(TimeSpan.Zero, cancellationToken);
    }

    /// <summary>
    /// Waits until the last number taken so far is safe, and returns it. After <paramref name="atMost"/>, returns the last position that is
    /// known to be safe.
    /// </summary>
    public async Task<ChangeCursor> UpToAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var epoch = _epoch ??= await EpochAsync(cancellationToken);

        // Two statements in this order: a transaction that took a number up to "last" has an id below "current".
        var last = await ReadAsync("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM change_seq", cancellationToken);
        var current = await ReadAsync("SELECT pg_current_xact_id()::text::bigint", cancellationToken);
        while (await ReadAsync("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", cancellationToken) < current)
        {
            if (time.GetElapsedTime(start) >= atMost)
            {
                return _last?.Cursor ?? new(epoch, 0);
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        var cursor = new ChangeCursor(epoch, last);
        _last = new(cursor, time.GetTimestamp());
        return cursor;
    }

    /// <summary>Returns an identifier of the log, which a restore changes: the database then assigns the same numbers again.</summary>
    private async Task<string> EpochAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT substr(md5(concat_ws('/', (SELECT installation FROM leader), (SELECT system_identifier FROM pg_control_system()),
                (SELECT timeline_id FROM pg_control_checkpoint()), (SELECT oid FROM pg_database
                    WHERE datname = current_database()))), 1, 12)
            """
        );
        return await command.ExecuteScalarAsync(cancellationToken) as string ?? "";
    }

    private async Task<long> ReadAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
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
