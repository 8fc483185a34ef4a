using OvnNestApi.Conditions;
using OvnNestApi.Schema;

namespace OvnNestApi.Tests.Conditions;

/// <summary>A condition shows the first cause that applies, in the order of <see cref="Reason"/>.</summary>
[Trait("Kind", "pure")]
public sealed class ConditionTests
{
    private static readonly PortFacts Good = new()
    {
        IsProgrammed = true,
        Host = "ubuntu2",
        IsConfirmed = true,
        IsUp = true,
        Tag = 51,
        ObservedTag = 51,
    };

    private static readonly (Reason Reason, Func<PortFacts, PortFacts> Break)[] Causes =
    [
        (Reason.Deleting, f => f with { IsDeleting = true }),
        (Reason.Replacing, f => f with { IsReplacing = true }),
        (Reason.Moving, f => f with { FormerHost = "ubuntu1" }),
        (Reason.TagConflict, f => f with { RejectedAs = Reason.TagConflict, Rejection = "a foreign port has it" }),
        (Reason.NotProgrammed, f => f with { IsProgrammed = false, RejectedAs = null }),
        (Reason.HostFailed, f => f with { HostError = "no such bridge" }),
        (Reason.HostPending, f => f with { IsConfirmed = false }),
        (Reason.ParentDown, f => f with { IsParentUp = false }),
        (Reason.PortDown, f => f with { IsUp = false }),
        (Reason.TagMismatch, f => f with { ObservedTag = 52 }),
        (Reason.MtuTooLarge, f => f with { Mtu = 1443, TunnelMtu = 1442 }),
        (Reason.Disabled, f => f with { IsEnabled = false }),
    ];

    [Fact]
    public void A_resource_is_ready_if_no_cause_applies() => Assert.Equal((Reason.Ready, ""), Good.Evaluate());

    [Fact]
    public void Each_cause_is_shown_and_hides_the_causes_after_it()
    {
        var facts = Good;
        foreach (var (reason, broken) in Causes.Reverse())
        {
            Assert.Equal(reason, broken(Good).Evaluate().Reason);
            facts = broken(facts);
            Assert.Equal(reason, facts.Evaluate().Reason);
            Assert.NotEmpty(facts.Evaluate().Message);
        }
    }

    [Fact]
    public void A_rejection_is_shown_with_the_error_of_the_NB_although_the_rows_are_missing()
    {
        var refused = Good with { IsProgrammed = false, RejectedAs = Reason.Rejected, Rejection = "constraint violation" };
        Assert.Equal(
            (Reason.Rejected, "The northbound database rejected the rows of the resource: constraint violation"),
            refused.Evaluate()
        );
        Assert.Equal(Reason.Contended, (Good with { RejectedAs = Reason.Contended }).Evaluate().Reason);
    }

    [Fact]
    public void A_container_whose_device_another_system_creates_does_not_wait_for_its_host() =>
        Assert.Equal(Reason.Ready, (Good with { HasDevice = false, Host = null, IsConfirmed = false, HostError = "x" }).Evaluate().Reason);

    [Fact]
    public void A_VM_without_a_host_shows_that_it_has_none() =>
        Assert.Equal(Reason.NoHost, (Good with { Host = null, IsConfirmed = false }).Evaluate().Reason);

    [Theory]
    [InlineData(Reason.Ready, Reason.HostSilent)]
    [InlineData(Reason.PortDown, Reason.HostSilent)]
    [InlineData(Reason.NoHost, Reason.NoHost)]
    [InlineData(Reason.Deleting, Reason.Deleting)]
    public void The_silence_of_a_host_hides_the_causes_after_it(Reason stored, Reason shown)
    {
        var host = Guid.NewGuid();
        var present = Reached with { Hosts = new Dictionary<Guid, HostLiveness> { [host] = new("ubuntu2", null, false) } };
        Assert.Equal(shown, present.Of(stored, isDirty: false, host));
    }

    [Fact]
    public void A_cause_that_concerns_all_resources_is_shown_on_every_resource()
    {
        Assert.Equal(Reason.Ready, Reached.Of(Reason.Ready, isDirty: false, null));
        Assert.Equal(Reason.NotProgrammed, Reached.Of(Reason.Ready, isDirty: true, null));
        Assert.Equal(Reason.Rejected, Reached.Of(Reason.Rejected, isDirty: true, null));
        Assert.Equal(Reason.Unobserved, (Reached with { IsObserved = false }).Of(Reason.Ready, isDirty: true, null));
        Assert.Equal(
            Reason.NorthboundUnreachable,
            (Reached with { IsNorthboundReached = false, IsObserved = false }).Of(Reason.TagConflict, isDirty: false, null)
        );
        Assert.Equal(
            Reason.NotReconciling,
            (Reached with { Mode = ReconcilerMode.Observe, IsNorthboundReached = false }).Of(Reason.Ready, isDirty: false, null)
        );
        Assert.Equal(
            Reason.Braked,
            (Reached with { Mode = ReconcilerMode.Off, IsObserved = false }).Of(Reason.Braked, isDirty: true, null)
        );
        Assert.Equal(Reason.Moving, (Reached with { Mode = ReconcilerMode.Off }).Of(Reason.Moving, isDirty: false, null));
    }

    private static Liveness Reached =>
        new()
        {
            Hosts = new Dictionary<Guid, HostLiveness>(),
            IsNorthboundReached = true,
            IsObserved = true,
        };
}
