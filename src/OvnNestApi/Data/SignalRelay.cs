using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OvnNestApi.Data;

/// <summary>
/// Exchanges wake-ups between processes with LISTEN and NOTIFY (PostgreSQL manual, "NOTIFY"). It notifies after commits and outside writing
/// transactions, one statement at a time. The payload is only the id of the sending process. A lost wake-up delays a waiter until its next
/// periodic check.
/// </summary>
internal sealed partial class SignalRelay(
    NpgsqlDataSource database,
    Signals signals,
    IOptions<ReconnectOptions> options,
    TimeProvider time,
    Random random,
    ILogger<SignalRelay> logger
) : BackgroundService
{
    private const string Channel = "ovnnest";

    private const string Hosts = "SELECT id, work_revision, id IN (SELECT host_id FROM checks WHERE finished_at IS NULL) FROM hosts";

    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(20);
    private readonly string _self = Guid.NewGuid().ToString("N");

    /// <summary>Work revisions as last read: a foreign wake-up wakes only the hosts whose revision has changed.</summary>
    private Dictionary<Guid, long> _revisions = [];

    /// <summary>Completed if a change has not been notified to other processes yet, also after a failed notification.</summary>
    private Task _outgoing = signals.Outgoing.Next;

    /// <summary>Whether another process has sent a notification since the last wake-up.</summary>
    private bool _isNotified;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var reconnect = Retries.UntilSuccess(options.Value.FirstPause, options.Value.LongestPause, time, random, failure =>
            LogLost(failure.Message)
        );
        while (!cancellationToken.IsCancellationRequested)
        {
            await using var listening = await reconnect.RepeatAsync(ListenAsync, cancellationToken);
            try
            {
                await RelayAsync(listening, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogLost(e.Message);
                await Task.Delay(options.Value.FirstPause, time, cancellationToken);
            }
        }
    }

    /// <summary>Opens a connection that receives notifications, and wakes all waiters for the changes before that.</summary>
    private async ValueTask<NpgsqlConnection> ListenAsync(CancellationToken cancellationToken)
    {
        var listening = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            listening.Notification += (_, notification) => _isNotified |= notification.Payload != _self;
            await using var listen = new NpgsqlCommand($"LISTEN {Channel}", listening);
            await listen.ExecuteNonQueryAsync(cancellationToken);
            await WakeAsync(cancellationToken);
            return listening;
        }
        catch
        {
            await listening.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends and receives wake-ups until the connection is lost.</summary>
    private async Task RelayAsync(NpgsqlConnection listening, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(ended.Token);
        try
        {
            signals.IsRelayed = true;
            await ReceiveAsync(listening, sending, cancellationToken);
        }
        finally
        {
            signals.IsRelayed = false;
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReceiveAsync(NpgsqlConnection listening, Task sending, CancellationToken cancellationToken)
    {
        while (!sending.IsCompleted)
        {
            await listening.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
            if (_isNotified)
            {
                _isNotified = false;
                await WakeAsync(cancellationToken);
            }
        }

        await sending;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _outgoing.WaitAsync(cancellationToken);
            var next = signals.Outgoing.Next;
            await using (var notify = database.CreateCommand("SELECT pg_notify($1, $2)"))
            {
                notify.Parameters.Add(new() { Value = Channel });
                notify.Parameters.Add(new() { Value = _self });
                await notify.ExecuteNonQueryAsync(cancellationToken);
            }

            _outgoing = next;
            await Task.Delay(SendInterval, time, cancellationToken);
        }
    }

    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        var revisions = new Dictionary<Guid, long>();
        await using (var command = database.CreateCommand(Hosts))
        {
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                revisions[row.GetGuid(0)] = row.GetInt64(1);
                if (row.GetBoolean(2))
                {
                    signals.Checks(row.GetGuid(0)).Set();
                }
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
