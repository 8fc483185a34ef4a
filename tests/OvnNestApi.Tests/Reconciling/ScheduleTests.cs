using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Schedule of reconciler passes: when a pass starts, and whether it compares everything.</summary>
[Trait("Kind", "pure")]
public sealed class ScheduleTests
{
    private static readonly Term Leading = new(Guid.NewGuid(), 1, ReconcilerMode.Repair, null);
    private readonly FakeTimeProvider _time = new();
    private readonly ReconcilerOptions _options = new();

    [Fact]
    public void There_is_a_pause_between_two_passes_even_if_more_work_is_left()
    {
        var schedule = new Schedule(_options, _time);
        Assert.True(schedule.Finish(new(HasMore: true), generation: 1, isFull: false, Leading));
        Assert.Equal(_options.Linger, schedule.Linger());

        _time.Advance(_options.Linger);
        Assert.Equal(TimeSpan.Zero, schedule.Linger());
    }

    [Fact]
    public void A_replica_that_was_loaded_again_is_compared_in_full_and_then_once_per_resync_interval()
    {
        var schedule = new Schedule(_options, _time);
        Assert.True(schedule.IsFullDue(generation: 1, Leading));
        schedule.Finish(new(IsComplete: true), generation: 1, isFull: true, Leading);
        Assert.False(schedule.IsFullDue(generation: 1, Leading));
        Assert.True(schedule.IsFullDue(generation: 2, Leading));

        _time.Advance(_options.Resync);
        Assert.True(schedule.IsFullDue(generation: 1, Leading));
    }

    [Fact]
    public void A_full_comparison_that_was_not_complete_is_repeated()
    {
        var schedule = new Schedule(_options, _time);
        schedule.Finish(new(IsComplete: false), generation: 1, isFull: true, Leading);
        Assert.True(schedule.IsFullDue(generation: 1, Leading));
    }

    [Theory]
    [InlineData(ReconcilerMode.Repair, "released")]
    [InlineData(ReconcilerMode.Observe, null)]
    public void A_change_by_an_admin_is_not_lost_if_the_full_comparison_that_it_causes_is_not_complete(ReconcilerMode mode, string? release)
    {
        var schedule = new Schedule(_options, _time);
        schedule.Finish(new(IsComplete: true), generation: 1, isFull: true, Leading);
        var changed = Leading with { Mode = mode, ReleasedBrake = release };
        Assert.True(schedule.IsFullDue(generation: 1, changed));

        schedule.Finish(new(HasMore: true), generation: 1, isFull: true, changed);
        Assert.True(schedule.IsFullDue(generation: 1, changed));
        schedule.Finish(new(IsComplete: true), generation: 1, isFull: true, changed);
        Assert.False(schedule.IsFullDue(generation: 1, changed));
    }

    [Fact]
    public void A_lost_signal_delays_a_change_by_five_polls_at_most_and_by_one_if_signals_may_be_missing()
    {
        var schedule = new Schedule(_options, _time);
        schedule.Finish(new(IsComplete: true), generation: 1, isFull: true, Leading);
        Assert.Equal(_options.Poll * 5, schedule.WaitAtMost(nextPort: null, isQuiet: true));
        Assert.Equal(_options.Poll, schedule.WaitAtMost(nextPort: null, isQuiet: false));
        Assert.Equal(TimeSpan.FromSeconds(2), schedule.WaitAtMost(TimeSpan.FromSeconds(2), isQuiet: true));
    }
}
