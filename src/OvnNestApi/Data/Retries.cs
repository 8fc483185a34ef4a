using Polly;
using Polly.Retry;

namespace OvnNestApi.Data;

/// <summary>All retries of the work with PostgreSQL.</summary>
internal static class Retries
{
    /// <summary>Creates a pipeline that runs a transaction again if PostgreSQL reports that it lost a race.</summary>
    public static ResiliencePipeline OfLostRaces(TransactionOptions options, TimeProvider time, Random random)
    {
        var retry = Growing(options.FirstPause, options.LongestPause, random);
        retry.MaxRetryAttempts = options.Retries;
        retry.ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } e && Conflicts.Of(e) is not null);
        return Build(retry, time);
    }

    /// <summary>Creates a pipeline that repeats an operation until it succeeds or is cancelled.</summary>
    /// <param name="onFailure">Called with the message of each failure.</param>
    public static ResiliencePipeline UntilSuccess(ReconnectOptions options, TimeProvider time, Random random, Action<string> onFailure)
    {
        var retry = Growing(options.FirstPause, options.LongestPause, random);
        retry.MaxRetryAttempts = int.MaxValue;
        retry.OnRetry = attempt =>
        {
            onFailure(attempt.Outcome.Exception?.Message ?? "");
            return default;
        };
        return Build(retry, time);
    }

    private static RetryStrategyOptions Growing(TimeSpan first, TimeSpan longest, Random random) =>
        new()
        {
            Delay = first,
            MaxDelay = longest,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Randomizer = random.NextDouble,
        };

    private static ResiliencePipeline Build(RetryStrategyOptions retry, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(retry)
            .Build();
}
