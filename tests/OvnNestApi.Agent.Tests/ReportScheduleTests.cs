using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Tests;

public sealed class ReportScheduleTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ReportSchedule _pace;

    public ReportScheduleTests()
    {
        _pace = new ReportSchedule(_time);
        _pace.Sent(Report(1));
    }

    [Fact]
    public void News_are_told_at_once() => Assert.True(_pace.IsDue(new PendingReport(Report(1) with { Cursor = "c2" }, false)));

    [Fact]
    public void The_same_is_told_again_after_a_minute()
    {
        Assert.False(_pace.IsDue(new PendingReport(Report(1), false)));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_pace.IsDue(new PendingReport(Report(1), false)));
    }

    [Fact]
    public void The_number_of_ovns_configuration_is_told_at_once_soon_after_a_change_since_a_tag_may_wait_for_it()
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_pace.IsDue(new PendingReport(Report(2), false)));
    }

    [Fact]
    public void Later_the_number_alone_is_told_every_ten_seconds_unless_something_is_being_removed()
    {
        _time.Advance(TimeSpan.FromMinutes(2));
        _pace.Sent(Report(2));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(_pace.IsDue(new PendingReport(Report(3), false)));
        Assert.True(_pace.IsDue(new PendingReport(Report(3), true)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_pace.IsDue(new PendingReport(Report(3), false)));
    }

    private static HostReport Report(long number) => new("c1", "h1", number, [], [], [], []);
}
