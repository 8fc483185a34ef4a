using System.Collections.Concurrent;
using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Checks;

/// <summary>Polls the control plane for checks, runs them beside each other and beside the passes, and sends their results.</summary>
internal sealed partial class CheckLoop(
    ControlPlaneClient controlPlane,
    AgentIdentity identity,
    AgentSession session,
    Recovery recovery,
    RetrySettings retries,
    TimeProvider time,
    Random random,
    ILogger<CheckLoop> logger
) : BackgroundService
{
    private const int MostRunning = 32; // each has a thread; the API does not send more

    // A check without a result has failed by then.
    private static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500); // until the session is open, or a check ends

    private readonly ConcurrentDictionary<Guid, bool> _running = new();

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var retry = Retries.UntilSuccess(retries, time, random, LogNoPoll);
        while (true)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, recovery.Next);
            try
            {
                await retry.RepeatAsync(PollAsync, attempt.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The control plane answers again.
            }
            catch (SupersededException)
            {
                session.Supersede(); // the poll for work gets the same answer and logs it
                return;
            }
        }
    }

    private async ValueTask PollAsync(CancellationToken cancellationToken)
    {
        if (identity.Host is not { Length: > 0 } host || session.Token is null || _running.Count >= MostRunning)
        {
            await Task.Delay(Pause, time, cancellationToken);
            return;
        }

        foreach (var check in await controlPlane.PollChecksAsync(host, _running.Keys, cancellationToken))
        {
            if (_running.Count < MostRunning && _running.TryAdd(check.Id, true))
            {
                _ = RunAsync(host, check);
            }
        }
    }

    private async Task RunAsync(string host, HostCheck check)
    {
        try
        {
            using var timeout = new CancellationTokenSource(LongestTime, time);
            var result = WorkValidation.FindError(check) is { } error
                ? Ping.Failed(CheckFailure.Error, $"The agent rejects the check: {error}.")
                : await Ping.RunAsync(check, time);
            var retry = Retries.UntilSuccess(retries, time, random, LogNotSent);
            await retry.RepeatAsync(async token => await controlPlane.ReportCheckAsync(host, check.Id, result, token), timeout.Token);
        }
        catch (Exception e)
        {
            LogNotSent(e.Message);
        }
        finally
        {
            _running.TryRemove(check.Id, out _);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Checks cannot be polled: {Failure}")]
    private partial void LogNoPoll(string failure);

    [LoggerMessage(LogLevel.Warning, "The result of a check was not sent: {Reason}")]
    private partial void LogNotSent(string reason);
}
