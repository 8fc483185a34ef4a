using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Items without our owner mark are never changed.</summary>
[Trait("Kind", "pure")]
public sealed class HostPlanOwnershipTests
{
    private readonly ModelHost _host = new();

    [Fact]
    public void An_unmarked_namespace_with_a_wanted_name_is_reported_and_not_changed()
    {
        _host.CreateNamespace("c51");
        var foreign = _host.Namespaces["c51"];

        var plan = _host.Converge(VmWithTwoContainers);

        Assert.StartsWith("namespace c51 exists and is not ours", plan.ReportOf(C51).Error);
        Assert.Same(foreign, _host.Namespaces["c51"]);
        Assert.DoesNotContain(_host.Bridge("br-vm5").Ports, port => port.Name == "c51");
        Assert.Equal([0, 52], _host.Port("brvm5-brint").Trunks.Order());
        Assert.NotNull(plan.ReportOf(C52).Digest);
    }

    [Fact]
    public void A_namespace_is_not_ours_if_its_record_is_from_before_a_reboot()
    {
        _host.Converge(VmWithTwoContainers);
        _host.Reboot();
        _host.CreateNamespace("c51");

        Assert.StartsWith("namespace c51 exists and is not ours", _host.Converge(VmWithTwoContainers).ReportOf(C51).Error);
    }

    [Fact]
    public void A_namespace_is_ours_by_its_mark_without_the_records_of_the_agent()
    {
        _host.Converge(VmWithTwoContainers);
        var before = _host.Namespaces["c51"].Identity;
        _host.LoseRecords();

        var plan = _host.Converge(VmWithTwoContainers);

        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
        Assert.Equal(before, _host.Namespaces["c51"].Identity);
        Assert.Equal(["c51", "c52", "vm5"], _host.Records.Select(record => record.Namespace).Order());
        _host.LoseRecords();
        var removed = _host.Converge(Of() with { Remove = [Removal(C51, "c51", "br-vm5")] });
        Assert.Equal([C51], removed.Report.Removed);
        Assert.DoesNotContain("c51", _host.Namespaces.Keys);
    }

    [Fact]
    public void A_namespace_without_its_device_is_ours_by_its_mark()
    {
        _host.CreateNamespace("c51", new OwnerMark(Installation, OwnerMark.Container, C51).Alias);
        var before = _host.Namespaces["c51"].Identity;

        Assert.NotNull(_host.Converge(VmWithTwoContainers).ReportOf(C51).Digest);

        Assert.Equal(before, _host.Namespaces["c51"].Identity);
    }

    [Fact]
    public void A_namespace_that_replaced_ours_is_reported_and_not_changed()
    {
        _host.Converge(VmWithTwoContainers);
        _host.CreateNamespace("c51");
        var foreign = _host.Namespaces["c51"].Identity;

        Assert.StartsWith("namespace c51 exists and is not ours", _host.Converge(VmWithTwoContainers).ReportOf(C51).Error);
        Assert.Equal(foreign, _host.Namespaces["c51"].Identity);
        _host.Converge(Of() with { Remove = [Removal(C51, "c51", "br-vm5")] });
        Assert.Equal(foreign, _host.Namespaces["c51"].Identity);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_namespace_in_which_only_the_device_is_marked_is_ours_and_is_marked(bool hasRecords)
    {
        _host.Converge(VmWithTwoContainers);
        _host.Change("c51", "lo", link => link with { Alias = null });
        if (!hasRecords)
        {
            _host.LoseRecords();
        }

        Assert.NotNull(_host.Converge(VmWithTwoContainers).ReportOf(C51).Digest);

        Assert.Equal((Installation, C51), _host.Namespaces["c51"].Owner);
    }

    [Fact]
    public void A_namespace_of_a_container_runtime_with_our_device_in_it_is_never_removed()
    {
        var work = VmWithTwoContainers.WithContainer(C51, c => c with { Device = c.Device with { Workload = Workload.Port } });
        _host.Converge(work);
        _host.CreateNamespace("cni-1");
        _host.MoveOut("c51", "cni-1");

        _host.Converge(Of() with { Remove = [Removal(C51, "c51", "br-vm5")] });

        Assert.Contains("cni-1", _host.Namespaces.Keys);
    }

    [Fact]
    public void A_bridge_of_another_installation_is_reported_and_not_changed()
    {
        _host.Ovs.AddBridge("br-vm5", new OwnerMark(Guid.NewGuid(), OwnerMark.Vm, Vm5).ExternalIds);
        Assert.All(_host.Converge(VmWithTwoContainers).Report.Objects, item =>
            Assert.StartsWith("bridge br-vm5 exists and is not ours", item.Error)
        );
        Assert.Empty(_host.Bridge("br-vm5").Ports);
    }

    [Fact]
    public void A_device_with_a_wanted_name_but_without_a_port_is_reported_and_not_changed()
    {
        var dummy = _host.Root["c51"] = new Link(5, "c51", "dummy", "02:00:00:00:00:09", 1500, true, true, null, []);
        Assert.StartsWith("device c51 exists and is not ours", _host.Converge(VmWithTwoContainers).ReportOf(C51).Error);
        Assert.Same(dummy, _host.Root["c51"]);
    }

    [Fact]
    public void Another_interface_with_the_iface_id_of_the_VM_is_reported()
    {
        _host.Ovs.AddPort("br-int", "tap9", null);
        _host.Ovs.Rows("Interface").Single(row => row["name"] == "tap9")["external_ids"] = Ovsdb.OvsdbValue.Map([
            new("iface-id", "dmz-vm5"),
        ]);
        Assert.StartsWith(
            "interface tap9 with iface-id dmz-vm5 exists and is not ours",
            _host.Converge(VmWithTwoContainers).ReportOf(Vm5).Error
        );
    }
}
