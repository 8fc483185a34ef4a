namespace Ovsdb;

/// <summary>
/// Detects a server that no longer responds: sends an <c>echo</c> after a silence, and ends the link if the silence continues.
/// </summary>
/// <param name="options">The interval, and the longer limit while a long call is waiting.</param>
/// <param name="inbox">Knows whether bytes were received.</param>
/// <param name="sendEcho">Sends an <c>echo</c>.</param>
/// <param name="end">Ends the link with a reason.</param>
internal sealed class LinkProbe(OvsdbConnectionOptions options, Inbox inbox, Action sendEcho, Action<string> end)
{
    private int _longCalls;

    /// <summary>Starts a call for which the server may be silent for a long time.</summary>
    public void BeginLongCall() => Interlocked.Increment(ref _longCalls);

    /// <summary>Ends such a call.</summary>
    public void EndLongCall() => Interlocked.Decrement(ref _longCalls);

    /// <summary>Runs until it is cancelled or the link has ended.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var silentIntervals = 0;
        using var timer = new PeriodicTimer(options.ProbeInterval, options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                silentIntervals = inbox.TakeHasReceived() ? 0 : silentIntervals + 1;
                var silence = silentIntervals * options.ProbeInterval;
                if (silentIntervals == 1)
                {
                    sendEcho();
                }
                else if (silentIntervals > 1 && (Volatile.Read(ref _longCalls) == 0 || silence > options.LoadTimeout))
                {
                    end($"the server has been silent for {silence.TotalSeconds:0.#} s");
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or OvsdbNotConnectedException)
        {
            // The link has ended.
        }
    }
}
