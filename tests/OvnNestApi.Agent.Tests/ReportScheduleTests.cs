using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Tests;

/// <summary>Which reports the agent sends.</summary>
[Trait("Kind", "pure")]
public sealed class ReportScheduleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ReportSchedule _schedule;

    public ReportScheduleTests()
    {
        _schedule = new ReportSchedule(_time);
        MarkSent(Report(1));
    }

    [Fact]
    public void A_changed_report_is_sent_at_once() => Assert.True(IsDue(new PendingReport(Report(1) with { Cursor = "c2" }, false)));

    [Fact]
    public void An_unchanged_report_is_repeated_after_a_minute()
    {
        Assert.False(IsDue(new PendingReport(Report(1), false)));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(IsDue(new PendingReport(Report(1), false)));
    }

    [Fact]
    public void A_new_nb_cfg_is_sent_at_once_within_a_minute_after_another_change()
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(IsDue(new PendingReport(Report(2), false)));
    }

    [Fact]
    public void Later_a_new_nb_cfg_is_sent_every_ten_seconds_and_at_once_during_a_removal()
    {
        _time.Advance(TimeSpan.FromMinutes(2));
        MarkSent(Report(2));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(IsDue(new PendingReport(Report(3), false)));
        Assert.True(IsDue(new PendingReport(Report(3), true)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(IsDue(new PendingReport(Report(3), false)));
    }

    [Theory]
    [InlineData(1, 40)] // the repetition
    [InlineData(2, 0)] // a new nb_cfg, already due
    public void The_time_until_a_report_is_due_is_known(long nbCfg, int seconds)
    {
        _time.Advance(TimeSpan.FromMinutes(2));
        MarkSent(Report(1));
        _time.Advance(TimeSpan.FromSeconds(20));
        var time = _schedule.TimeUntilDue(new PendingReport(Report(nbCfg), false));
        Assert.Equal(TimeSpan.FromSeconds(seconds), time > TimeSpan.Zero ? time : TimeSpan.Zero);
    }

    private void MarkSent(HostReport report) => _schedule.MarkSent(report, _time.GetTimestamp());

    private bool IsDue(PendingReport report) => _schedule.TimeUntilDue(report) <= TimeSpan.Zero;

    private static HostReport Report(long nbCfg) => new("c1", "h1", nbCfg, [], [], [], []);
}
