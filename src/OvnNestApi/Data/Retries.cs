using Polly;
using Polly.Retry;

namespace OvnNestApi.Data;

/// <summary>All retries of the API: of transactions, of lost connections and of failed passes.</summary>
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

    /// <summary>
    /// Creates a pipeline that repeats an operation until it succeeds or is cancelled. Every execution starts with the first pause again.
    /// </summary>
    /// <param name="first">Mean pause after the first failure. It doubles with each failure, with jitter.</param>
    /// <param name="longest">Longest pause.</param>
    /// <param name="onFailure">Called with each failure that is followed by another attempt.</param>
    /// <param name="isFinal">Returns true for an exception that ends the execution; null if all are followed by another attempt.</param>
    public static ResiliencePipeline UntilSuccess(
        TimeSpan first,
        TimeSpan longest,
        TimeProvider time,
        Random random,
        Action<Exception> onFailure,
        Func<Exception, bool>? isFinal = null
    )
    {
        var retry = Growing(first, longest, random);
        retry.MaxRetryAttempts = int.MaxValue;
        retry.ShouldHandle = attempt =>
            ValueTask.FromResult(
                attempt is { Outcome.Exception: { } failure, Context.CancellationToken.IsCancellationRequested: false }
                    && isFinal?.Invoke(failure) != true
            );
        retry.OnRetry = attempt =>
        {
            if (attempt.Outcome.Exception is { } failure)
            {
                onFailure(failure);
            }

            return default;
        };
        return Build(retry, time);
    }

    /// <summary>Runs an operation in a pipeline of <c>UntilSuccess</c>.</summary>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled. Of a failure just before that, the pipeline itself would throw the exception.
    /// </exception>
    public static async Task<T> RepeatAsync<T>(
        this ResiliencePipeline untilSuccess,
        Func<CancellationToken, ValueTask<T>> operation,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await untilSuccess.ExecuteAsync(operation, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
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
