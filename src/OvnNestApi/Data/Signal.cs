namespace OvnNestApi.Data;

/// <summary>
/// Says "look again" to whoever waits, and nothing else. A wake-up that nobody waited for is kept for the next who asks with an old ticket.
/// </summary>
public sealed class Signal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next <see cref="Set"/>. Take it before looking at the state, await it after: nothing is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Wakes all who wait.</summary>
    public void Set() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits for <paramref name="ticket"/> (an earlier <see cref="Next"/>) or the time, whichever is first.</summary>
    public static async Task WaitAsync(Task ticket, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await ticket.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The state is looked at again either way.
        }
    }
}
