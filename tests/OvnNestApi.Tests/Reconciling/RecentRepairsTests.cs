using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Rows that were changed without a request within the last minute.</summary>
[Trait("Kind", "pure")]
public sealed class RecentRepairsTests
{
    private static readonly RowRef One = new(Tables.SwitchPort, Guid.NewGuid());
    private static readonly RowRef Other = new(Tables.SwitchPort, Guid.NewGuid());

    [Fact]
    public void A_row_counts_once_for_a_minute_after_its_last_change()
    {
        var time = new FakeTimeProvider();
        var repairs = new RecentRepairs(time);
        repairs.Add(new(One, IsRemoval: false, ""));
        repairs.Add(new(One, IsRemoval: false, ""));
        repairs.Add(new(Other, IsRemoval: true, ""));
        Assert.Equal(1, repairs.CountOthers(new HashSet<RowRef>(), isRemoval: false));
        Assert.Equal(0, repairs.CountOthers(new HashSet<RowRef> { One }, isRemoval: false));
        Assert.Equal(1, repairs.CountOthers(new HashSet<RowRef> { One }, isRemoval: true));

        time.Advance(TimeSpan.FromSeconds(40));
        repairs.Add(new(One, IsRemoval: false, ""));
        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(1, repairs.Count);
        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(0, repairs.Count);
    }
}
