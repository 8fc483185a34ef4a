namespace OvnNestApi.Reconciling;

/// <summary>Pauses of the reconciler's loops.</summary>
internal static class Pauses
{
    /// <summary>Waits for this time, or until the token is cancelled. Does not throw.</summary>
    public static async Task PauseAsync(this TimeProvider time, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
