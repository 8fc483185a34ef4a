using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Agent.ControlPlane;

namespace OvnNestApi.Agent.Tests.ControlPlane;

/// <summary>Retries of requests to the control plane.</summary>
[Trait("Kind", "pure")]
public sealed class RetriesTests
{
    private static readonly RetrySettings Settings = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _failures = [];

    [Fact]
    public async Task An_operation_is_repeated_until_it_succeeds_with_delays_up_to_the_limit()
    {
        // More attempts than powers of two fit into a double.
        var delays = await RunAsync([.. Enumerable.Repeat("down", 1100)]);

        Assert.Equal(1100, delays.Count);
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.Zero, Settings.MaxDelay));
        Assert.All(delays[20..], delay => Assert.True(delay > Settings.FirstDelay, $"The delay is {delay} after many failures."));
    }

    [Fact]
    public async Task The_longest_delays_differ_so_that_agents_do_not_return_together()
    {
        var delays = await RunAsync([.. Enumerable.Repeat("down", 100)]);
        Assert.True(delays[20..].Distinct().Count() > 5, $"The delays are {string.Join(", ", delays.Distinct())}.");
    }

    [Fact]
    public async Task A_failure_is_reported_when_it_is_new_and_again_after_a_success()
    {
        var pipeline = Retries.UntilSuccess(Settings, _time, Random.Shared, _failures.Add);
        await RunAsync(["down", "down", "refused", "down"], pipeline);
        await RunAsync(["down"], pipeline);

        Assert.Equal(["down", "refused", "down", "down"], _failures);
    }

    [Fact]
    public async Task The_delay_starts_short_again_after_a_success()
    {
        var pipeline = Retries.UntilSuccess(Settings, _time, Random.Shared, _failures.Add);
        await RunAsync([.. Enumerable.Repeat("down", 30)], pipeline);

        var delay = Assert.Single(await RunAsync(["down"], pipeline));

        // With jitter, the first delay is at most about twice the configured one.
        Assert.InRange(delay, TimeSpan.Zero, 3 * Settings.FirstDelay);
    }

    [Fact]
    public async Task A_delay_ends_at_once_when_the_agent_stops()
    {
        using var stop = new CancellationTokenSource();
        var pipeline = Retries.UntilSuccess(Settings, _time, Random.Shared, _failures.Add);
        var run = pipeline.ExecuteAsync(_ => throw new ControlPlaneException("down"), stop.Token).AsTask();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Another_exception_is_not_retried() =>
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await Retries
                .UntilSuccess(Settings, _time, Random.Shared, _failures.Add)
                .ExecuteAsync(_ => throw new InvalidOperationException(), TestContext.Current.CancellationToken)
        );

    [Theory]
    [InlineData("x", null)]
    [InlineData("10", "00:00:01")]
    [InlineData("00:00:00", null)]
    [InlineData("00:00:11", null)]
    public void Delays_that_are_not_valid_are_rejected(string first, string? max) =>
        Assert.Throws<FormatException>(() => RetrySettings.From(name => name == "NEST_RETRY_FIRST" ? first : max));

    [Fact]
    public void Delays_have_defaults() =>
        Assert.Equal(
            (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3)),
            (RetrySettings.From(_ => null).FirstDelay, RetrySettings.From(_ => null).MaxDelay)
        );

    /// <summary>Runs an operation that fails with these messages and then succeeds; returns the delays between the attempts.</summary>
    private async Task<List<TimeSpan>> RunAsync(string[] messages, Polly.ResiliencePipeline? pipeline = null)
    {
        var attempts = new List<DateTimeOffset>();
        var run = (pipeline ?? Retries.UntilSuccess(Settings, _time, Random.Shared, _failures.Add))
            .ExecuteAsync(
                _ =>
                {
                    attempts.Add(_time.GetUtcNow());
                    return attempts.Count <= messages.Length ? throw new ControlPlaneException(messages[attempts.Count - 1]) : default;
                },
                TestContext.Current.CancellationToken
            )
            .AsTask();
        while (!run.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        await run;
        return [.. attempts.Zip(attempts.Skip(1), (before, after) => after - before)];
    }
}
