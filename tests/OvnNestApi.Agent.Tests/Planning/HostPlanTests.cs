using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Creation, settings and addresses of bridges, ports and devices.</summary>
[Trait("Kind", "pure")]
public sealed class HostPlanTests
{
    private readonly ModelHost _host = new();

    [Fact]
    public void An_empty_host_gets_everything_that_the_work_describes()
    {
        var plan = _host.Converge(VmWithTwoContainers);

        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
        var bridge = _host.Bridge("br-vm5");
        Assert.Equal("netdev", bridge.DatapathType);
        Assert.Equal(["br-vm5", "brvm5-brint", "c51", "c52", "vm5"], bridge.Ports.Select(port => port.Name).Order());
        Assert.Equal((0, 51, 52), (_host.Port("vm5").Tag, _host.Port("c51").Tag, _host.Port("c52").Tag));
        Assert.Equal([0, 51, 52], _host.Port("brvm5-brint").Trunks.Order());
        Assert.Null(_host.Port("brvm5-brint").Tag);
        Assert.Equal("dmz-vm5", _host.Port("brint-brvm5").Interfaces[0].ExternalIds["iface-id"]);
        Assert.DoesNotContain(bridge.Ports, port => port.Interfaces[0].ExternalIds.ContainsKey("iface-id"));
        Assert.Equal("nameserver 10.0.0.2\n", _host.Namespaces["c52"].ResolvConf);
        Assert.Equal(["10.0.0.52/24"], _host.Namespaces["c52"].Links["c52"].Addresses);
        Assert.Equal(2, _host.Clients.Count);
    }

    [Fact]
    public void One_transaction_writes_all_rows_of_a_VM_and_its_containers()
    {
        var first = HostPlan.For(VmWithTwoContainers, _host.Observe());
        Assert.NotEmpty(first.Ovs);
        _host.Apply(first);

        Assert.Equal(["br-vm5", "brvm5-brint", "c51", "c52", "vm5"], _host.Bridge("br-vm5").Ports.Select(port => port.Name).Order());
        Assert.Empty(HostPlan.For(VmWithTwoContainers, _host.Observe()).Ovs);
    }

    [Fact]
    public void The_plan_for_a_host_in_the_wanted_state_is_empty()
    {
        _host.Converge(VmWithTwoContainers);
        Assert.True(HostPlan.For(VmWithTwoContainers, _host.Observe()).IsEmpty);
    }

    [Fact]
    public void Allowed_addresses_stay_on_a_device_with_a_static_address()
    {
        var work = VmWithTwoContainers.WithContainer(C52, container =>
            container with
            {
                Device = container.Device with { AllowedAddresses = ["10.0.0.180/32", "10.9.0.0/24"] },
            }
        );
        _host.Converge(work);
        _host.Change("c52", "c52", link => link with { Addresses = [.. link.Addresses, "10.0.0.180/32", "10.9.0.7/24", "10.0.0.181/24"] });

        _host.Converge(work);

        Assert.Equal(["10.0.0.180/32", "10.0.0.52/24", "10.9.0.7/24"], _host.Namespaces["c52"].Links["c52"].Addresses.Order());
    }

    [Fact]
    public void Two_DHCP_clients_of_one_device_are_replaced_by_one()
    {
        _host.Converge(VmWithTwoContainers);
        var wanted = _host.Clients.Count;
        _host.DoubleClients();

        var plan = _host.Converge(VmWithTwoContainers);

        Assert.Equal(wanted, _host.Clients.Count);
        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
    }

    [Fact]
    public void A_name_that_is_not_valid_appears_in_no_operation_and_in_no_step()
    {
        var plan = HostPlan.For(
            VmWithTwoContainers.WithContainer(C51, c => c with { Device = c.Device with { Interface = "x;reboot" } }),
            _host.Observe()
        );
        Assert.Contains("is not a valid device name", plan.ReportOf(C51).Error);
        Assert.DoesNotContain(plan.Ovs.SelectMany(group => group.Ops), op => op.ToString().Contains("reboot"));
        Assert.DoesNotContain(plan.Steps, step => step.ToString().Contains("reboot"));
    }

    [Fact]
    public void A_host_without_the_integration_bridge_waits_for_ovn_controller()
    {
        var observed = _host.Observe();
        var plan = HostPlan.For(VmWithTwoContainers, observed with { Ovs = observed.Ovs with { Bridges = [] } });
        Assert.True(plan.IsEmpty);
        Assert.All(plan.Report.Objects, item => Assert.Contains("br-int does not exist", item.Error));
    }

    [Fact]
    public void An_uplink_interface_replaces_the_patch_pair()
    {
        _host.Converge(VmWithTwoContainers.With(Vm5, vm => vm with { UplinkInterface = "eth1" }));
        Assert.Equal([0, 51, 52], _host.Port("eth1").Trunks.Order());
        Assert.Empty(_host.Bridge("br-int").Ports);
    }

    [Fact]
    public void A_port_for_a_container_runtime_stays_in_the_root_namespace()
    {
        var work = VmWithTwoContainers.WithContainer(C51, c => c with { Device = c.Device with { Workload = Workload.Port } });
        Assert.NotNull(_host.Converge(work).ReportOf(C51).Digest);
        Assert.True(_host.Root["c51"].IsUp);
        Assert.False(_host.Namespaces.ContainsKey("c51"));

        _host.Root.Remove("c51"); // the runtime has moved it
        Assert.True(HostPlan.For(work, _host.Observe()).IsEmpty);
    }

    [Fact]
    public void Nothing_is_created_for_a_resource_with_the_workload_none()
    {
        var work = VmWithTwoContainers.With(Vm5, vm =>
            vm with
            {
                Device = vm.Device with { Workload = Workload.None },
                Containers = [.. vm.Containers.Select(c => c with { Device = c.Device with { Workload = Workload.None } })],
            }
        );
        var plan = HostPlan.For(work, _host.Observe());
        Assert.True(plan.IsEmpty);
        Assert.All(plan.Report.Objects, item => Assert.NotNull(item.Digest));
    }
}
