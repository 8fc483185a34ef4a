using Npgsql;
using OvnNestApi.Data;

namespace OvnNestApi.Tests.Data;

/// <summary>Limits of the retries.</summary>
[Trait("Kind", "pure")]
public sealed class RetriesTests
{
    [Fact]
    public async Task A_transaction_that_loses_every_race_runs_as_often_as_the_setting_permits()
    {
        var options = new TransactionOptions
        {
            Retries = 3,
            FirstPause = TimeSpan.FromTicks(1),
            LongestPause = TimeSpan.FromTicks(1),
        };
        var runs = 0;
        var retry = Retries.OfLostRaces(options, TimeProvider.System, new Random(1));
        await Assert.ThrowsAsync<PostgresException>(async () =>
            await retry.ExecuteAsync(_ =>
            {
                runs++;
                throw new PostgresException("deadlock", "ERROR", "ERROR", PostgresErrorCodes.DeadlockDetected);
            })
        );
        Assert.Equal(4, runs);
    }

    [Fact]
    public async Task An_operation_is_repeated_until_it_succeeds_and_every_failure_is_reported()
    {
        var (runs, failures) = (0, new List<string>());
        var retry = UntilSuccess(failure => failures.Add(failure.Message));
        await retry.ExecuteAsync(_ => ++runs < 5 ? throw new InvalidOperationException($"{runs}") : ValueTask.CompletedTask);

        Assert.Equal(["1", "2", "3", "4"], failures);
    }

    [Fact]
    public async Task A_final_failure_and_a_cancellation_end_the_repetition()
    {
        var retry = UntilSuccess(_ => { }, failure => failure is FormatException);
        await Assert.ThrowsAsync<FormatException>(async () => await retry.ExecuteAsync(_ => throw new FormatException()));

        using var end = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
            await retry.ExecuteAsync(
                _ =>
                {
                    end.Cancel();
                    throw new InvalidOperationException();
                },
                end.Token
            )
        );
    }

    private static Polly.ResiliencePipeline UntilSuccess(Action<Exception> onFailure, Func<Exception, bool>? isFinal = null) =>
        Retries.UntilSuccess(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), TimeProvider.System, new Random(1), onFailure, isFinal);
}
