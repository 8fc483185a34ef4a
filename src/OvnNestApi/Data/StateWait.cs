using Microsoft.Extensions.Hosting;

namespace OvnNestApi.Data;

/// <summary>Holds a request until a state is reached.</summary>
internal sealed class StateWait(Signals signals, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>A lost wake-up costs at most this.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>The process ends: whoever is held is let go.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Looks until the claim holds, after each change of any condition, at least every second.</summary>
    /// <returns>False if the time ran out, or the process ends.</returns>
    public async Task<bool> UntilAsync(Func<CancellationToken, Task<bool>> holds, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (true)
        {
            var ticket = signals.Status.Next;
            if (await holds(cancellationToken))
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
                await Signal.WaitAsync(ticket, left < Pace ? left : Pace, time, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
