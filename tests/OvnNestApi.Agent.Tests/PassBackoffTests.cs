namespace OvnNestApi.Agent.Tests;

/// <summary>Pauses after passes that did not reach the wanted state.</summary>
[Trait("Kind", "pure")]
public sealed class PassBackoffTests
{
    [Fact]
    public void Pauses_double_up_to_the_limit_and_start_short_again_after_a_success()
    {
        var backoff = new PassBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
        Assert.Equal([1, 2, 4, 8, 15, 15], Enumerable.Range(0, 6).Select(_ => backoff.Next().TotalSeconds));

        backoff.Reset();
        Assert.Equal(1, backoff.Next().TotalSeconds);
    }
}
