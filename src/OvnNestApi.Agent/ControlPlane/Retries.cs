using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>All retries of requests to the control plane.</summary>
internal static class Retries
{
    /// <summary>
    /// Adds the quick retries inside one request, and the timeout of each attempt. Every request may be repeated, the enrolment too,
    /// because the agent sends the same key again. A poll that ends without work is a success and is not retried here.
    /// </summary>
    public static void AddQuickRetries(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, RetrySettings settings) =>
        pipeline
            .AddRetry(
                new HttpRetryStrategyOptions
                {
                    MaxRetryAttempts = settings.QuickRetries,
                    Delay = settings.QuickDelay,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    // A timeout is no short interruption: what is silent may be something else than the control plane.
                    ShouldHandle = attempt =>
                        ValueTask.FromResult(
                            attempt.Outcome.Exception is not TimeoutRejectedException
                                && HttpClientResiliencePredicates.IsTransient(attempt.Outcome)
                        ),
                    ShouldRetryAfterHeader = false, // it may be from a proxy, and has no limit
                }
            )
            .AddTimeout(settings.AttemptTimeout);

    /// <summary>
    /// Creates a pipeline that repeats an operation until the control plane accepts it. Every execution starts with the first delay again.
    /// The jitter, down to half the delay, keeps many agents from returning at the same moment.
    /// </summary>
    /// <param name="onNewFailure">Called with a failure's message if it differs from the message of the attempt before.</param>
    public static ResiliencePipeline UntilSuccess(RetrySettings settings, TimeProvider time, Random random, Action<string> onNewFailure)
    {
        string? lastMessage = null;
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = int.MaxValue,
                    // Polly's own jitter ends at the longest delay.
                    DelayGenerator = attempt => new ValueTask<TimeSpan?>(
                        DelayBefore(settings, attempt.AttemptNumber) * (1 - (random.NextDouble() / 2))
                    ),
                    ShouldHandle = new PredicateBuilder().Handle<ControlPlaneException>(),
                    OnRetry = attempt =>
                    {
                        var message = attempt.Outcome.Exception?.Message ?? "";
                        if (attempt.AttemptNumber == 0 || message != lastMessage)
                        {
                            onNewFailure(message);
                        }

                        lastMessage = message;
                        return default;
                    },
                }
            )
            .Build();
    }

    /// <summary>Runs an operation in a pipeline of <see cref="UntilSuccess"/>.</summary>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled. Of a failure just before that, the pipeline itself would throw the exception.
    /// </exception>
    public static async Task RepeatAsync(
        this ResiliencePipeline untilSuccess,
        Func<CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await untilSuccess.ExecuteAsync(operation, cancellationToken);
        }
        catch (ControlPlaneException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    private static TimeSpan DelayBefore(RetrySettings settings, int attempt)
    {
        var delay = settings.FirstDelay * Math.Pow(2, Math.Min(attempt, 20));
        return delay < settings.MaxDelay ? delay : settings.MaxDelay;
    }
}
