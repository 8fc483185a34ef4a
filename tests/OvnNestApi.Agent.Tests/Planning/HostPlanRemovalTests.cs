using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Removal of resources, its confirmation, and resources that the work does not mention.</summary>
[Trait("Kind", "pure")]
public sealed class HostPlanRemovalTests
{
    private readonly ModelHost _host = new();

    [Fact]
    public void A_resource_that_the_work_does_not_mention_is_kept_and_reported_as_unknown()
    {
        _host.Converge(VmWithTwoContainers);
        var plan = HostPlan.For(Of(), _host.Observe());
        Assert.True(plan.IsEmpty);
        Assert.Equal([Vm5, C51, C52], plan.Report.Unknown.Select(item => item.Id));
        Assert.Equal([51, 52], Assert.Single(plan.Report.Bridges).Tags);
        Assert.Empty(plan.Report.Removed);
    }

    [Fact]
    public void A_removal_is_confirmed_only_when_nothing_of_the_resource_is_left()
    {
        _host.Converge(VmWithTwoContainers);
        var work = Of(Vm(Vm5, "vm5", Container(C52, "c52", 52, Addressing.Static))) with { Remove = [Removal(C51, "c51", "br-vm5")] };

        Assert.Empty(HostPlan.For(work, _host.Observe()).Report.Removed);
        Assert.Equal([C51], _host.Converge(work).Report.Removed);
        Assert.False(_host.Namespaces.ContainsKey("c51"));
        Assert.DoesNotContain(_host.Clients, client => client.Id == C51);
        Assert.Equal([0, 52], _host.Port("brvm5-brint").Trunks.Order());
    }

    [Fact]
    public void A_removal_is_not_confirmed_before_ovs_vswitchd_has_applied_it()
    {
        var observed = _host.Observe();
        var work = Of() with { Remove = [Removal(C51, "c51", "br-vm5")] };
        Assert.Empty(HostPlan.For(work, observed with { Ovs = observed.Ovs with { HasUnappliedChange = true } }).Report.Removed);
        Assert.Equal([C51], HostPlan.For(work, observed).Report.Removed);
    }

    [Fact]
    public void The_bridge_of_a_VM_goes_last()
    {
        _host.Converge(VmWithTwoContainers);
        var work = Of() with { Remove = [Removal(Vm5, "vm5", "br-vm5"), Removal(C51, "c51", "br-vm5"), Removal(C52, "c52", "br-vm5")] };

        while (HostPlan.For(work, _host.Observe()) is { IsEmpty: false } plan)
        {
            if (plan.Changes.Any(change => change is RemoveBridge))
            {
                Assert.Empty(_host.Namespaces);
                Assert.Empty(_host.Clients);
            }

            _host.Apply(plan);
        }

        Assert.DoesNotContain(_host.Ovs.Read().Bridges, bridge => bridge.Name == "br-vm5");
    }

    [Fact]
    public void A_bridge_with_a_foreign_port_is_not_removed()
    {
        _host.Converge(Of(Vm(Vm5, "vm5")));
        _host.Ovs.AddPort("br-vm5", "tap9", 9);
        var plan = _host.Converge(Of() with { Remove = [Removal(Vm5, "vm5", "br-vm5")] });
        Assert.Contains("(tap9)", plan.ReportOf(Vm5).Error);
        Assert.Empty(plan.Report.Removed);
        Assert.NotNull(_host.Port("tap9"));
    }

    [Fact]
    public void A_new_incarnation_takes_over_the_name_after_the_old_one_is_removed()
    {
        _host.Converge(VmWithTwoContainers);
        var next = new Guid("cccccccc-0000-0000-0000-0000000000ff");
        var plan = _host.Converge(
            VmWithTwoContainers.WithContainer(C51, c => c with { Id = next }) with
            {
                Remove = [Removal(C51, "c51", "br-vm5")],
            }
        );

        Assert.Equal([C51], plan.Report.Removed);
        Assert.Equal(next, _host.Port("c51").Mark?.Id);
        Assert.Equal(next, _host.Records.Single(record => record.Namespace == "c51").Mark.Id);
        Assert.NotNull(plan.ReportOf(next).Address);
    }
}
