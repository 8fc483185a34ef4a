using System.Text.Json;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Election of the leader by the row in <c>leader</c>. A heartbeat is used instead of an advisory lock, because a process that hangs would
/// keep its lock.
/// </summary>
internal sealed class Leadership(NpgsqlDataSource database, ReconcilerOptions options)
{
    private const string Row = "holder = @me AND epoch = @epoch";
    private const string TermColumns = "installation, epoch, mode_in_force, released_brake, used_release, takes_instance_from";

    /// <summary>Id of this process.</summary>
    public Guid Me { get; } = Guid.NewGuid();

    /// <summary>
    /// Becomes the leader, with the next epoch, if there is no leader, its heartbeat is too old, or it has lost the NB and this process has
    /// not. Returns null if another process leads.
    /// </summary>
    /// <param name="reachesNorthbound">True if this process has a complete replica of the NB.</param>
    public Task<Term?> TakeOverAsync(bool reachesNorthbound, CancellationToken cancellationToken) =>
        ReadAsync(
            """
            UPDATE leader SET holder = @me, epoch = epoch + 1, heartbeat = now(), northbound_lost_at = NULL,
                mode_in_force = COALESCE(mode, @mode)
            WHERE holder IS NULL OR heartbeat IS NULL OR heartbeat < now() - @patience
                OR (@reaches AND northbound_lost_at < now() - @lostpatience)
            """,
            cancellationToken,
            new("patience", options.TakeOverAfter),
            new("reaches", reachesNorthbound),
            // It takes the leader up to two heartbeats to see that the NB does not answer.
            new("lostpatience", options.TakeOverAfter - (2 * options.Heartbeat))
        );

    /// <summary>Returns true if the leader has lost the NB.</summary>
    public async Task<bool> HasLostNorthboundAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT northbound_lost_at IS NOT NULL FROM leader");
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Writes a heartbeat, whether the NB is reached, and whether the passes fail.</summary>
    /// <param name="error">Why the NB cannot be written; null if it can.</param>
    /// <param name="passError">Error of the last pass; null if it did not fail.</param>
    /// <returns>The term with the mode and the released brake as stored.</returns>
    /// <exception cref="DeposedException">Another process has become the leader.</exception>
    public async Task<Term> RenewAsync(
        Term term,
        NorthboundContact contact,
        string? error,
        string? passError,
        CancellationToken cancellationToken
    ) =>
        await ReadAsync(
            $"""
            UPDATE leader SET heartbeat = now(), northbound_seen_at = CASE WHEN @seen THEN now()
                ELSE northbound_seen_at END, northbound_lost_at = CASE WHEN @lost THEN coalesce(northbound_lost_at, now()) END,
                northbound_error = @error, pass_error = @passerror,
                failing_since = CASE WHEN @passerror IS NOT NULL THEN coalesce(failing_since, now()) END,
                mode_in_force = COALESCE(mode, @mode)
            WHERE {Row}
            """,
            cancellationToken,
            new("epoch", term.Epoch),
            new("seen", contact == NorthboundContact.Claimed),
            new("lost", contact == NorthboundContact.Lost),
            new NpgsqlParameter<string?>("error", error),
            new NpgsqlParameter<string?>("passerror", passError)
        ) ?? throw Deposed();

    /// <summary>
    /// Continues with a higher epoch, because the NB contains a higher one than PostgreSQL: PostgreSQL was restored from a backup.
    /// </summary>
    /// <param name="epoch">The new epoch.</param>
    /// <exception cref="DeposedException">Another process has become the leader.</exception>
    public async Task<Term> SkipToAsync(Term term, long epoch, CancellationToken cancellationToken) =>
        await ReadAsync($"UPDATE leader SET epoch = @next WHERE {Row}", cancellationToken, new("epoch", term.Epoch), new("next", epoch))
        ?? throw Deposed();

    /// <summary>Forgets from which installation this one may take the instance in the NB, because it has it.</summary>
    /// <exception cref="DeposedException">Another process has become the leader.</exception>
    public async Task<Term> EndTakingAsync(Term term, CancellationToken cancellationToken) =>
        await ReadAsync(
            $"UPDATE leader SET takes_instance_from = NULL WHERE {Row}",
            cancellationToken,
            new NpgsqlParameter("epoch", term.Epoch)
        ) ?? throw Deposed();

    /// <summary>Records that a pass is finished. This is the last statement of the pass's transaction.</summary>
    /// <param name="brake">What the safety brake withholds; null if nothing.</param>
    /// <param name="usedRelease">Release of the brake that is carried out; null if there is no new one.</param>
    /// <exception cref="DeposedException">Another process has become the leader; the transaction must not be committed.</exception>
    public async Task FinishAsync(
        NestDb db,
        Term term,
        PassSummary summary,
        BrakeView? brake,
        string? usedRelease,
        CancellationToken cancellationToken
    )
    {
        // Another process cannot take over while this row is locked, and this process can be suspended before it commits.
        var rows = await db.ExecuteAsync(
            $"""
            SET LOCAL idle_in_transaction_session_timeout = '2s';
            UPDATE leader SET last_pass_at = now(), last_pass = @summary::json,
                resynced_at = CASE WHEN @full THEN now() ELSE resynced_at END,
                brake = CASE WHEN brake_id = @brakeid THEN brake ELSE @brake::json END, brake_id = @brakeid,
                used_release = COALESCE(@usedrelease, used_release)
            WHERE {Row}
            """,
            cancellationToken,
            ("summary", JsonSerializer.Serialize(summary, ApiJson.Options)),
            ("full", summary.Full),
            ("brake", brake is null ? null : JsonSerializer.Serialize(brake, ApiJson.Options)),
            ("brakeid", brake?.Id),
            ("usedrelease", usedRelease),
            ("me", Me),
            ("epoch", term.Epoch)
        );
        if (rows == 0)
        {
            throw Deposed();
        }
    }

    /// <summary>Fails unless this process is still the leader. Call it as the last statement of a transaction.</summary>
    /// <exception cref="DeposedException">Another process has become the leader; the transaction must not be committed.</exception>
    public async Task ConfirmAsync(NestDb db, Term term, CancellationToken cancellationToken)
    {
        var rows = await db.QueryAsync(
            $"SELECT epoch FROM leader WHERE {Row} FOR SHARE; SET LOCAL idle_in_transaction_session_timeout = '2s'",
            row => row.GetInt64(0),
            cancellationToken,
            ("me", Me),
            ("epoch", term.Epoch)
        );
        if (rows.Count == 0)
        {
            throw Deposed();
        }
    }

    /// <summary>Ends the term, so that another process can become the leader at once.</summary>
    public async Task ResignAsync(Term term) =>
        await ReadAsync(
            $"UPDATE leader SET heartbeat = NULL WHERE {Row}",
            CancellationToken.None,
            new NpgsqlParameter("epoch", term.Epoch)
        );

    private static DeposedException Deposed() => new("Another process has become the leader.");

    private async Task<Term?> ReadAsync(string update, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = database.CreateCommand($"{update} RETURNING {TermColumns}");
        command.Parameters.AddRange(parameters);
        command.Parameters.AddWithValue("me", Me);
        if (update.Contains("@mode", StringComparison.Ordinal))
        {
            command.Parameters.AddWithValue("mode", options.Mode.ToString());
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var mode = Enum.Parse<ReconcilerMode>(reader.GetString(2));
        return new(reader.GetGuid(0), reader.GetInt64(1), mode, Text(3))
        {
            UsedRelease = Text(4),
            TakesInstanceFrom = reader.IsDBNull(5) ? null : reader.GetGuid(5),
        };

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}

/// <summary>What the leader can do with the NB.</summary>
internal enum NorthboundContact
{
    /// <summary>The replica is not complete, or the NB does not answer.</summary>
    Lost,

    /// <summary>The NB answers, but the leader must not write, or has not claimed the NB yet.</summary>
    Unclaimed,

    /// <summary>The leader can write.</summary>
    Claimed,
}

/// <summary>The time for which one process is the leader.</summary>
/// <param name="Installation">Id of this installation.</param>
/// <param name="Epoch">Number of the term; every write to the NB is fenced by it.</param>
/// <param name="Mode">Mode in force.</param>
/// <param name="ReleasedBrake">Id of the plan that an admin has released; null if there is none.</param>
internal sealed record Term(Guid Installation, long Epoch, ReconcilerMode Mode, string? ReleasedBrake)
{
    /// <summary>Id of the last release that was carried out; null if there is none.</summary>
    public string? UsedRelease { get; init; }

    /// <summary>Id of the installation from which this one may take the instance in the NB; null if none.</summary>
    public Guid? TakesInstanceFrom { get; init; }
}

/// <summary>Another process has become the leader; this process must stop writing.</summary>
internal sealed class DeposedException(string message) : Exception(message);
