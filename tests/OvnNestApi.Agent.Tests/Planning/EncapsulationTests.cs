using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>The largest MTU that the tunnels of the host carry.</summary>
[Trait("Kind", "pure")]
public sealed class EncapsulationTests
{
    [Theory]
    [InlineData("geneve", "192.0.2.1", 1442)]
    [InlineData("geneve,vxlan", "192.0.2.1", 1442)]
    [InlineData("vxlan", "192.0.2.1", 1450)]
    [InlineData("geneve", "192.0.2.1,198.51.100.1", 1342)]
    [InlineData("geneve", "192.0.2.10", null)]
    [InlineData("geneve", "192.0.2.1, 192.0.2.10", null)]
    [InlineData("geneve", "2001:db8::1", null)]
    [InlineData("stt", "192.0.2.1", null)]
    [InlineData(null, null, null)]
    public void It_is_the_MTU_of_the_devices_with_the_encapsulation_addresses_without_the_headers(
        string? types,
        string? addresses,
        int? mtu
    )
    {
        Link[] devices =
        [
            new(1, "lo", "", "", 65536, true, true, null, ["127.0.0.1/8"]),
            new(2, "eth0", "", "", 1500, true, true, null, ["10.0.0.1/24", "192.0.2.1/24"]),
            new(3, "eth1", "", "", 1400, true, true, null, ["198.51.100.1/24"]),
        ];
        Assert.Equal(mtu, new Encapsulation(types, addresses).FindMtu(devices));
    }

    [Fact]
    public void It_is_reported()
    {
        var host = new ModelHost();
        host.Root["eth0"] = new(2, "eth0", "", "", 1500, true, true, null, ["192.0.2.1/24"]);
        var observed = host.Observe();
        var ovs = observed.Ovs with { Encapsulation = new("geneve", "192.0.2.1") };

        Assert.Equal(1442, HostPlan.For(VmWithTwoContainers, observed with { Ovs = ovs }).Report.TunnelMtu);
    }
}
