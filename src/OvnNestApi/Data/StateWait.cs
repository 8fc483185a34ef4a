using Microsoft.Extensions.Hosting;

namespace OvnNestApi.Data;

/// <summary>Holds a request until a condition is met.</summary>
internal sealed class StateWait(Signals signals, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Interval of checks without a wake-up.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>True if the process is shutting down; held requests are then completed.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Evaluates the condition after each wake-up, and at least every second, until it is met.</summary>
    /// <returns>False after the timeout, or if the process is shutting down.</returns>
    public async Task<bool> UntilAsync(Func<CancellationToken, Task<bool>> isMet, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (true)
        {
            var ticket = signals.Status.Next;
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
                await Signal.WaitAsync(ticket, left < Interval ? left : Interval, time, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
