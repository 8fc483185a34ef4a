using System.Globalization;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// How far the log of changes can be read without losing one. A number is drawn before its transaction commits, so the highest visible
/// number
/// says nothing of the lower ones; a number is safe when every transaction that could have drawn it, or a lower one, has ended.
/// </summary>
internal sealed class ChangeFeed(NpgsqlDataSource database, Signals signals, TimeProvider time)
{
    private static readonly TimeSpan Keep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private volatile Safe? _last;
    private string? _epoch;

    /// <summary>
    /// All changes up to this one are visible or never will be. Not older than 100 ms if nothing is being written; looks, and does not
    /// wait.
    /// </summary>
    public async Task<ChangeCursor> PresentAsync(CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < Keep)
        {
            return last.Cursor;
        }

        return await UpToAsync(TimeSpan.Zero, cancellationToken);
    }

    /// <summary>
    /// The last change drawn so far, as soon as it and all before it are decided; if that takes longer than <paramref name="atMost"/>, the
    /// last that is known to be.
    /// </summary>
    public async Task<ChangeCursor> UpToAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var epoch = _epoch ??= await EpochAsync(cancellationToken);

        // In this order, in two statements: whoever drew a number up to S has a transaction below X.
        var drawn = await ReadAsync(
            "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM change_seq",
            cancellationToken
        );
        var mine = await ReadAsync("SELECT pg_current_xact_id()::text::bigint", cancellationToken);
        while (await ReadAsync("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", cancellationToken) < mine)
        {
            if (time.GetElapsedTime(start) >= atMost)
            {
                return _last?.Cursor ?? new(epoch, 0);
            }

            await Task.Delay(Pace, time, cancellationToken);
        }

        var cursor = new ChangeCursor(epoch, drawn);
        _last = new(cursor, time.GetTimestamp());
        return cursor;
    }

    /// <summary>Completes when something may have been written. Take it before reading.</summary>
    public Task Next => signals.Status.Next;

    /// <summary>A restored database counts again: its numbers are others.</summary>
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

/// <summary>A place in the log of changes.</summary>
/// <param name="Epoch">Which log: another after the database was restored.</param>
/// <param name="Number">The last change that lies before the place.</param>
internal readonly record struct ChangeCursor(string Epoch, long Number)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out ChangeCursor cursor)
    {
        var dash = text?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        var isCursor =
            dash is > 0 and <= 32 && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
        cursor = isCursor ? new(text![..dash], long.Parse(text.AsSpan(dash + 1), CultureInfo.InvariantCulture)) : default;
        return isCursor;
    }

    /// <summary>The opaque form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");
}
