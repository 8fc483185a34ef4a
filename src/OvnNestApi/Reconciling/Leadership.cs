using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>The row that says who leads. An advisory lock would be kept by a process that hangs; a heartbeat is not.</summary>
internal sealed class Leadership(NpgsqlDataSource database, ReconcilerOptions options)
{
    private const string Row = "holder = @me AND epoch = @epoch";

    /// <summary>This process.</summary>
    public Guid Me { get; } = Guid.NewGuid();

    /// <summary>Takes the place of a leader that has not been heard of, under the next epoch; null: another one leads.</summary>
    public Task<Term?> TakeOverAsync(CancellationToken cancellationToken) =>
        ReadAsync(
            """
            UPDATE leader SET holder = @me, epoch = epoch + 1, heartbeat = now(), mode_in_force = COALESCE(mode, @mode)
            WHERE holder IS NULL OR heartbeat IS NULL OR heartbeat < now() - @patience
            """,
            cancellationToken,
            new NpgsqlParameter("patience", options.TakeOverAfter)
        );

    /// <summary>Says that the leader lives, and whether it reaches the NB.</summary>
    /// <exception cref="DeposedException">It leads no more.</exception>
    public async Task<Term> RenewAsync(Term term, bool isSeen, string? error, CancellationToken cancellationToken) =>
        await ReadAsync(
            $"""
            UPDATE leader SET heartbeat = now(), northbound_seen_at = CASE WHEN @seen THEN now()
                ELSE northbound_seen_at END, northbound_error = @error,
                mode_in_force = COALESCE(mode, @mode)
            WHERE {Row}
            """,
            cancellationToken,
            new("epoch", term.Epoch),
            new("seen", isSeen),
            new NpgsqlParameter<string?>("error", error)
        ) ?? throw Deposed();

    /// <summary>Goes on under an epoch that the NB has not seen: PostgreSQL was restored, and with it an epoch of the past.</summary>
    /// <exception cref="DeposedException">It leads no more.</exception>
    public async Task<Term> SkipAsync(Term term, long seen, CancellationToken cancellationToken) =>
        await ReadAsync($"UPDATE leader SET epoch = @seen + 1 WHERE {Row}", cancellationToken, new("epoch", term.Epoch), new("seen", seen))
        ?? throw Deposed();

    /// <summary>Records that everything stands still, and why.</summary>
    /// <exception cref="DeposedException">It leads no more.</exception>
    public async Task BrakeAsync(Term term, Brake brake, CancellationToken cancellationToken) =>
        _ = await ReadAsync(
            $"UPDATE leader SET brake = @brake, brake_id = @id WHERE {Row}",
            cancellationToken,
            new("epoch", term.Epoch),
            new("brake", brake.Message),
            new("id", brake.Id)
        ) ?? throw Deposed();

    /// <summary>Records a pass that was carried out, as the last statement of its transaction.</summary>
    /// <exception cref="DeposedException">It leads no more: nothing of the transaction may be committed.</exception>
    public async Task FinishAsync(NestDb db, Term term, PassSummary summary, CancellationToken cancellationToken)
    {
        var rows = await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE leader SET last_pass_at = now(), last_pass = {JsonSerializer.Serialize(summary, ApiJson.Options)}::json,
                resynced_at = CASE WHEN {summary.Full} THEN now() ELSE resynced_at END, brake = NULL, brake_id = NULL
            WHERE holder = {Me} AND epoch = {term.Epoch}
            """,
            cancellationToken
        );
        if (rows == 0)
        {
            throw Deposed();
        }
    }

    /// <summary>Lets another process take over at once.</summary>
    public async Task ResignAsync(Term term) =>
        await ReadAsync(
            $"UPDATE leader SET heartbeat = NULL WHERE {Row}",
            CancellationToken.None,
            new NpgsqlParameter("epoch", term.Epoch)
        );

    private static DeposedException Deposed() => new("Another process leads now.");

    private async Task<Term?> ReadAsync(string update, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = database.CreateCommand(update + " RETURNING installation, epoch, mode_in_force, released_brake");
        command.Parameters.AddRange(parameters);
        command.Parameters.AddWithValue("me", Me);
        if (update.Contains("@mode", StringComparison.Ordinal))
        {
            command.Parameters.AddWithValue("mode", options.Mode.ToString());
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new(
                reader.GetGuid(0),
                reader.GetInt64(1),
                Enum.Parse<ReconcilerMode>(reader.GetString(2)),
                reader.IsDBNull(3) ? null : reader.GetString(3)
            )
            : null;
    }
}

/// <summary>A time of leading.</summary>
/// <param name="Installation">This installation.</param>
/// <param name="Epoch">The fence.</param>
/// <param name="Mode">What is done about a difference.</param>
/// <param name="ReleasedBrake">The plan that an admin has released; null: none.</param>
internal sealed record Term(Guid Installation, long Epoch, ReconcilerMode Mode, string? ReleasedBrake);

/// <summary>Somebody else leads: what this leader planned is worth nothing.</summary>
internal sealed class DeposedException(string message) : Exception(message);
