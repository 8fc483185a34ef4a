using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Polly;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Runs passes for one term: whenever a resource is dirty, the NB has changed, or a full comparison is due. The signal carries no data, so
/// a lost signal only delays a change until the next poll.
/// </summary>
internal sealed partial class PassLoop
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CurrentTerm _term;
    private readonly NorthboundDb _nb;
    private readonly Pass _pass;
    private readonly Signals _signals;
    private readonly ReconcilerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Reconciler> _logger;
    private readonly Schedule _schedule;
    private readonly ResiliencePipeline _retry;
    private long? _failingSince;

    public PassLoop(
        CurrentTerm term,
        NorthboundDb nb,
        Pass pass,
        Signals signals,
        ReconcilerOptions options,
        TimeProvider time,
        Random random,
        ILogger<Reconciler> logger
    )
    {
        (_term, _nb, _pass, _signals, _options, _time, _logger) = (term, nb, pass, signals, options, time, logger);
        _schedule = new(options, time);
        _retry = Retries.UntilSuccess(options.FirstRetryPause, options.LongestRetryPause, time, random, OnFailure, IsFinal);
    }

    /// <summary>Runs passes until the token is cancelled. A failed pass is repeated after a pause that grows with each failure.</summary>
    /// <exception cref="DeposedException">Another process has become the leader.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Taken before the state is read, so that a change after the reading wakes the loop.
            var change = _signals.Dirty.Next;
            var hasMore = await _retry.RepeatAsync(async token => await StepAsync(token), cancellationToken);
            (_failingSince, _term.PassError) = (null, null);
            if (!hasMore)
            {
                var isQuiet = _signals.IsRelayed && !_pass.AwaitsRetry;
                await Signal.WaitAsync(change, _schedule.WaitAtMost(_pass.NextIn, isQuiet), _time, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            await _time.PauseAsync(_schedule.Linger(), cancellationToken);
        }
    }

    /// <summary>Runs a pass if one is possible and needed.</summary>
    /// <returns>True if the next step must follow without waiting for a signal.</returns>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        if (_term.Term.Mode == ReconcilerMode.Off)
        {
            // A change of the mode starts a full comparison, which does not need the changes.
            _ = _nb.TakeChanges().Count() + _nb.Ports.TakeChanges().Count();
            return false;
        }

        try
        {
            return _nb.IsSynced && await ClaimAsync(cancellationToken) && await RunPassAsync(cancellationToken);
        }
        catch (FenceFallenException e)
        {
            // Either PostgreSQL names another leader, or the NB was replaced, which the next load of the replica shows.
            LogFence(e.Message);
            _schedule.Forget();
            await _term.RenewAsync(NorthboundContact.Unclaimed, e.Message, cancellationToken);
            await _time.PauseAsync(_options.Poll, cancellationToken);
            return true;
        }
    }

    private async Task<bool> RunPassAsync(CancellationToken cancellationToken)
    {
        var (term, generation) = (_term.Term, _nb.Generation);
        var isFull = (term.Mode == ReconcilerMode.Repair && _pass.IsFullDue) || _schedule.IsFullDue(generation, term);
        return _schedule.Finish(await _pass.RunAsync(term, isFull, cancellationToken), generation, isFull, term);
    }

    /// <summary>Writes our fence to the NB if it is not there: at the start of a term, and after the NB was replaced.</summary>
    /// <returns>False if this process may not write to the NB.</returns>
    private async Task<bool> ClaimAsync(CancellationToken cancellationToken)
    {
        if (_nb.IsFenced(_term.Term.Installation, _term.Term.Epoch))
        {
            await EndTakingAsync(cancellationToken);
            return true;
        }

        // Throws if another process has become the leader.
        await _term.RenewAsync(NorthboundContact.Unclaimed, _term.Refusal, cancellationToken);
        var claim = await ClaimOnceAsync(cancellationToken);
        if (claim.NewerEpoch is { } newer)
        {
            await _term.SkipToAsync(newer + 1, cancellationToken);
            claim = await ClaimOnceAsync(cancellationToken);
        }

        if (claim.Error is { } error && error != _term.Refusal)
        {
            LogRefusal(error);
        }

        _term.Refusal = claim.Error;
        await _term.RenewAsync(claim.IsClaimed ? NorthboundContact.Claimed : NorthboundContact.Unclaimed, claim.Error, cancellationToken);
        return claim.IsClaimed;
    }

    private Task<FenceClaim> ClaimOnceAsync(CancellationToken cancellationToken) =>
        _nb.ClaimAsync(_term.Term.Installation, _term.Term.Epoch, _term.Term.TakesInstanceFrom, cancellationToken);

    /// <summary>
    /// Ends the permission to take the instance when this installation has it. Otherwise two installations that have taken it from each
    /// other would do so again and again.
    /// </summary>
    private async Task EndTakingAsync(CancellationToken cancellationToken)
    {
        if (_term.Term.TakesInstanceFrom is { } other)
        {
            await _term.EndTakingAsync(cancellationToken);
            LogTaken(other);
        }
    }

    /// <summary>
    /// Shows the failure with the next heartbeat. After some failures, the next pass compares everything, because the cause may be
    /// something that the loop remembers wrongly.
    /// </summary>
    private void OnFailure(Exception failure)
    {
        LogPassFailed(failure);
        ReconcilerMetrics.Failures.Add(1);
        _term.PassError = failure.Message;
        _failingSince ??= _time.GetTimestamp();
        if (_time.GetElapsedTime(_failingSince.Value) >= Patience)
        {
            _schedule.Forget();
        }
    }

    private static bool IsFinal(Exception failure) => failure is DeposedException;

    [LoggerMessage(LogLevel.Warning, "The fence in the northbound database is not ours: {Reason}")]
    private partial void LogFence(string reason);

    [LoggerMessage(LogLevel.Error, "The northbound database cannot be claimed, so nothing is written: {Reason}")]
    private partial void LogRefusal(string reason);

    [LoggerMessage(LogLevel.Warning, "This installation has the instance in the northbound database, and no longer takes it from {Other}")]
    private partial void LogTaken(Guid other);

    [LoggerMessage(LogLevel.Warning, "A pass failed and is repeated")]
    private partial void LogPassFailed(Exception exception);
}
