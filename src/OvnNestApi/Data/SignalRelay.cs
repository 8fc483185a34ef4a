using Microsoft.Extensions.Hosting;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// Passes wake-ups between the processes by LISTEN and NOTIFY (PostgreSQL manual, "NOTIFY"): after commits, never in a transaction that
/// writes, at most
/// one under way. The payload only says whose they are. What is lost is found by whoever looks without a wake-up.
/// </summary>
internal sealed partial class SignalRelay(NpgsqlDataSource database, Signals signals, TimeProvider time, ILogger<SignalRelay> logger)
    : BackgroundService
{
    private const string Channel = "ovnnest";
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private readonly string _self = Guid.NewGuid().ToString("N");

    /// <summary>Work revisions as last seen: only the hosts whose work changed are woken.</summary>
    private Dictionary<Guid, long> _revisions = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var listening = await database.OpenConnectionAsync(stoppingToken);
                pause = TimeSpan.FromMilliseconds(100);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var sending = SendAsync(ended.Token);
                try
                {
                    await ListenAsync(listening, sending, stoppingToken);
                }
                finally
                {
                    signals.IsRelayed = false;
                    await ended.CancelAsync();
                    await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogLost(e.Message);
                await Task.Delay(pause, time, stoppingToken);
                pause = pause * 2 < Longest ? pause * 2 : Longest;
            }
        }
    }

    private async Task ListenAsync(NpgsqlConnection listening, Task sending, CancellationToken cancellationToken)
    {
        var isForeign = false;
        listening.Notification += (_, notification) => isForeign |= notification.Payload != _self;
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", listening))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        // From here on nothing is missed; what was before is looked at once.
        signals.IsRelayed = true;
        await WakeAsync(cancellationToken);
        while (!sending.IsCompleted)
        {
            await listening.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
            if (isForeign)
            {
                isForeign = false;
                await WakeAsync(cancellationToken);
            }
        }

        await sending;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var ticket = signals.Outgoing.Next;
        while (true)
        {
            await ticket.WaitAsync(cancellationToken);
            ticket = signals.Outgoing.Next;
            await using (var notify = database.CreateCommand("SELECT pg_notify($1, $2)"))
            {
                notify.Parameters.Add(new() { Value = Channel });
                notify.Parameters.Add(new() { Value = _self });
                await notify.ExecuteNonQueryAsync(cancellationToken);
            }

            await Task.Delay(Linger, time, cancellationToken);
        }
    }

    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        var revisions = new Dictionary<Guid, long>();
        await using (var command = database.CreateCommand("SELECT id, work_revision FROM hosts"))
        {
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                revisions[row.GetGuid(0)] = row.GetInt64(1);
            }
        }

        foreach (var (host, revision) in revisions)
        {
            if (!_revisions.TryGetValue(host, out var before) || before != revision)
            {
                signals.Work(host).Set();
            }
        }

        _revisions = revisions;
        signals.Dirty.Set();
        signals.Status.Set();
    }

    [LoggerMessage(LogLevel.Warning, "Wake-ups of other processes do not come through: {Error}")]
    private partial void LogLost(string error);
}
