using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Reconciling;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Counting of repairs, to find resources whose rows another client keeps changing.</summary>
[Trait("Kind", "pure")]
public sealed class ContentionTests
{
    private const int MaxPerMinute = 3;
    private readonly FakeTimeProvider _time = new();
    private readonly Guid _id = Guid.NewGuid();

    [Fact]
    public void A_resource_is_contended_after_too_many_repairs_in_a_minute_until_a_full_comparison_finds_no_difference()
    {
        var contention = new Contention(_time, MaxPerMinute);
        Assert.All(Enumerable.Range(0, MaxPerMinute), _ => Assert.False(contention.AddRepair(_id)));
        Assert.True(contention.AddRepair(_id));
        Assert.True(contention.Has(_id));

        contention.Clear(_id);
        Assert.False(contention.Has(_id));
    }

    [Fact]
    public void A_contended_resource_is_repaired_again_after_a_minute_without_a_change_by_others()
    {
        var contention = new Contention(_time, MaxPerMinute);
        Assert.All(Enumerable.Range(0, MaxPerMinute + 1), _ => contention.AddRepair(_id));
        _time.Advance(TimeSpan.FromSeconds(50));
        contention.AddChanges([_id, Guid.NewGuid()]);
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.True(contention.Has(_id));

        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(contention.Has(_id));
        Assert.False(contention.AddRepair(_id));
    }

    [Fact]
    public void Repairs_of_more_than_a_minute_ago_do_not_count_and_are_forgotten()
    {
        var contention = new Contention(_time, MaxPerMinute);
        Assert.All(Enumerable.Range(0, MaxPerMinute), _ => Assert.False(contention.AddRepair(_id)));

        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.False(contention.AddRepair(Guid.NewGuid()));
        Assert.Equal(1, contention.Count);
        Assert.False(contention.AddRepair(_id));
    }
}
