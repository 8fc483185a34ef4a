namespace OvnNestApi.Data;

/// <summary>
/// Wakes waiting tasks; carries no data. A task that got <see cref="Next"/> before <see cref="Set"/> was called does not miss the wake-up.
/// </summary>
public sealed class Signal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Task that completes at the next <see cref="Set"/>. Get it before reading the state, and await it afterwards.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Wakes all waiting tasks.</summary>
    public void Set() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits for <paramref name="ticket"/> (an earlier <see cref="Next"/>), at most for <paramref name="atMost"/>.</summary>
    public static async Task WaitAsync(Task ticket, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await ticket.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The caller reads the state again in both cases.
        }
    }
}
