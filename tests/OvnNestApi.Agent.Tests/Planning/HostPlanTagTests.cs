using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>VLAN tags on ports, trunks and in reports.</summary>
[Trait("Kind", "pure")]
public sealed class HostPlanTagTests
{
    private readonly ModelHost _host = new();

    [Fact]
    public void A_tag_of_a_foreign_port_on_the_bridge_is_not_used()
    {
        _host.Converge(Of(Vm(Vm5, "vm5")));
        _host.Ovs.AddPort("br-vm5", "tap9", 51);

        Assert.Contains("tap9, which has tag 51", _host.Converge(VmWithTwoContainers).ReportOf(C51).Error);
        Assert.DoesNotContain(_host.Bridge("br-vm5").Ports, port => port.Name == "c51");
    }

    [Fact]
    public void Two_containers_can_exchange_their_tags()
    {
        _host.Converge(VmWithTwoContainers);
        var plan = _host.Converge(
            VmWithTwoContainers.WithContainer(C51, c => c with { Tag = 52 }).WithContainer(C52, c => c with { Tag = 51 })
        );
        Assert.Equal((52, 51), (_host.Port("c51").Tag, _host.Port("c52").Tag));
        Assert.All(plan.Report.Objects, item => Assert.NotNull(item.Digest));
    }

    [Fact]
    public void A_tag_is_not_used_while_the_container_that_has_it_is_blocked()
    {
        _host.Converge(VmWithTwoContainers);
        _host.CreateNamespace("c51b");
        var work = VmWithTwoContainers
            .WithContainer(C51, c => c with { Tag = 60, Device = c.Device with { Namespace = "c51b" } })
            .WithContainer(C52, c => c with { Tag = 51 });
        _host.Converge(work);
        Assert.Equal((51, 52), (_host.Port("c51").Tag, _host.Port("c52").Tag));
    }

    [Fact]
    public void The_trunk_keeps_passing_the_tag_of_an_unknown_container()
    {
        _host.Converge(VmWithTwoContainers);
        _host.Converge(Of(Vm(Vm5, "vm5")));
        Assert.Equal([0, 51, 52], _host.Port("brvm5-brint").Trunks.Order());
    }

    [Fact]
    public void The_tags_of_a_VM_bridge_are_reported_even_if_its_owner_mark_is_missing()
    {
        _host.Converge(VmWithTwoContainers);
        foreach (
            var row in _host
                .Ovs.Rows("Bridge")
                .Concat(_host.Ovs.Rows("Port"))
                .Concat(_host.Ovs.Rows("Interface"))
                .Where(row => row["name"] == "br-vm5" || row["name"] == "c51")
        )
        {
            row["external_ids"] = Ovsdb.OvsdbValue.Map([]);
        }

        var work = Of(Vm(Vm5, "vm5", Container(C52, "c52", 52, Addressing.Static))) with { Remove = [Removal(C51, "c51", "br-vm5")] };
        var report = Assert.Single(_host.Converge(work).Report.Bridges);
        Assert.Equal((Vm5, true), (report.Vm, report.Attached));
        Assert.Equal([51, 52], report.Tags);
    }
}
