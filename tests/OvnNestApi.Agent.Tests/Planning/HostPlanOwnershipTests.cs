using OvnNestApi.Agent.Planning;
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
