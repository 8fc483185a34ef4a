using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>A device for a container runtime is in place only if the agent sees it and ovs-vswitchd serves it.</summary>
[Trait("Kind", "pure")]
public sealed class PlainPortTests
{
    private static readonly HostWork Work = VmWithTwoContainers.WithContainer(C51, container =>
        container with
        {
            Device = container.Device with { Workload = Workload.Port },
        }
    );

    private readonly ModelHost _host = new();

    public PlainPortTests()
    {
        _host.Converge(Work);
        _host.CreateNamespace("runtime");
    }

    [Fact]
    public void It_is_in_place_in_the_root_namespace_and_in_the_namespace_of_a_container()
    {
        AssertInPlace();
        _host.MoveOut("c51", "runtime");
        AssertInPlace();
        _host.Others.Add(_host.Namespaces["runtime"].Links["c51"] with { Name = "eth0" });
        _host.DeleteNamespace("runtime");
        AssertInPlace();
    }

    [Fact]
    public void It_is_not_in_place_after_a_restart_of_ovs_vswitchd_until_the_new_device_is_moved()
    {
        _host.MoveOut("c51", "runtime");
        _host.RestartVswitchd();
        AssertError("ovs-vswitchd has created a new one in the root namespace");

        _host.DeleteNamespace("runtime");
        _host.CreateNamespace("runtime");
        _host.MoveOut("c51", "runtime");
        AssertInPlace();
    }

    [Fact]
    public void It_is_not_in_place_without_a_carrier()
    {
        _host.Root["c51"] = _host.Root["c51"] with { HasCarrier = false };
        AssertError("has no carrier");
        _host.MoveOut("c51", "runtime");
        AssertError("has no carrier");
    }

    [Fact]
    public void It_is_not_in_place_if_no_namespace_has_it()
    {
        _host.Root.Remove("c51");
        AssertError("is in no network namespace that the agent can see");
    }

    [Fact]
    public void It_is_not_in_place_if_another_device_has_its_name()
    {
        _host.Ovs.Rows("Interface").Single(row => row["name"] == "c51")["ifindex"] = _host.Root["c51"].Index + 1000;
        AssertError("is not the one that ovs-vswitchd serves");
    }

    [Fact]
    public void A_device_of_another_kind_in_the_namespace_of_a_resource_is_reported_and_not_changed()
    {
        var dummy = _host.Namespaces["c52"].Links["c52"] with { Kind = "dummy" };
        _host.Change("c52", "c52", _ => dummy);

        Assert.Contains("does not belong to Open vSwitch", _host.Converge(Work).ReportOf(C52).Error);
        Assert.Same(dummy, _host.Namespaces["c52"].Links["c52"]);
    }

    private void AssertInPlace()
    {
        var report = _host.Converge(Work).ReportOf(C51);
        Assert.Equal((null, $"digest-{C51}"), (report.Error, report.Digest));
    }

    private void AssertError(string text)
    {
        var report = _host.Converge(Work).ReportOf(C51);
        Assert.Contains(text, report.Error);
        Assert.Null(report.Digest);
    }
}
