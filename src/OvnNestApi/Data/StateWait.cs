using Microsoft.Extensions.Hosting;

namespace OvnNestApi.Data;

/// <summary>Holds a request until a condition is met.</summary>
internal sealed class StateWait(Signals signals, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    /// <summary>Interval of evaluations for one host while wake-ups of other processes are received. A wake-up can be lost.</summary>
    private static readonly TimeSpan RelayedInterval = TimeSpan.FromSeconds(20);

    /// <summary>Interval of evaluations for one host otherwise.</summary>
    private static readonly TimeSpan UnrelayedInterval = TimeSpan.FromSeconds(2);

    /// <summary>True if the process is shutting down; held requests are then completed.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Evaluates the condition after each wake-up, and at least every second, until it is met.</summary>
    /// <returns>False after the timeout, or if the process is shutting down.</returns>
    public Task<bool> UntilAsync(Func<CancellationToken, Task<bool>> isMet, TimeSpan atMost, CancellationToken cancellationToken) =>
        UntilAsync(signals.Status, () => OneSecond, isMet, atMost, cancellationToken);

    /// <summary>Evaluates the condition after each signal of one host, and seldom without, until it is met.</summary>
    /// <returns>False after the timeout, or if the process is shutting down.</returns>
    public Task<bool> UntilAsync(
        Signal host,
        Func<CancellationToken, Task<bool>> isMet,
        TimeSpan atMost,
        CancellationToken cancellationToken
    ) => UntilAsync(host, () => signals.IsRelayed ? RelayedInterval : UnrelayedInterval, isMet, atMost, cancellationToken);

    private async Task<bool> UntilAsync(
        Signal signal,
        Func<TimeSpan> interval,
        Func<CancellationToken, Task<bool>> isMet,
        TimeSpan atMost,
        CancellationToken cancellationToken
    )
    {
        var start = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (true)
        {
            var ticket = signal.Next;
            if (await isMet(cancellationToken))
            {
                return true;
            }

            var left = atMost - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || IsStopping)
            {
                return false;
            }

            try
            {
                var pause = interval();
                await Signal.WaitAsync(ticket, left < pause ? left : pause, time, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
