using Microsoft.Extensions.Time.Testing;

namespace OvnNestApi.Agent.Tests;

/// <summary>Which ticks start a pass.</summary>
[Trait("Kind", "pure")]
public sealed class PassScheduleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly PassSchedule _schedule;

    public PassScheduleTests() => _schedule = new PassSchedule(_time);

    [Fact]
    public void A_pass_is_due_before_the_first_one_and_while_something_is_not_in_place()
    {
        Assert.True(_schedule.IsDue);
        _schedule.MarkPassed(isSettled: false);
        Assert.True(_schedule.IsDue);
    }

    [Fact]
    public void If_everything_is_in_place_a_pass_is_due_after_eight_seconds()
    {
        _schedule.MarkPassed(isSettled: true);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.False(_schedule.IsDue);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_schedule.IsDue);
        _schedule.MarkPassed(isSettled: true);
        Assert.False(_schedule.IsDue);
    }
}
