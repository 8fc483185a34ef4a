using Microsoft.Extensions.Hosting;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// Exchanges wake-ups between processes with LISTEN and NOTIFY (PostgreSQL manual, "NOTIFY"). It notifies after commits and outside
/// writing transactions, one statement at a time. The payload is only the id of the sending process. A lost wake-up delays a waiter
/// until its next periodic check.
/// </summary>
internal sealed partial class SignalRelay(NpgsqlDataSource database, Signals signals, TimeProvider time, ILogger<SignalRelay> logger)
    : BackgroundService
{
    private const string Channel = "ovnnest";
    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);
    private readonly string _self = Guid.NewGuid().ToString("N");

    /// <summary>Work revisions as last read: a foreign wake-up wakes only the hosts whose revision has changed.</summary>
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
                pause = pause * 2 < MaxPause ? pause * 2 : MaxPause;
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

        // Notifications are received from here on. This wake-up covers all earlier changes.
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

            await Task.Delay(SendInterval, time, cancellationToken);
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

    [LoggerMessage(LogLevel.Warning, "The relay of wake-ups between processes failed: {Error}. Trying again")]
    private partial void LogLost(string error);
}
