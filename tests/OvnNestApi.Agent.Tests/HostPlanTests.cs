using OvnNestApi.Agent.Planning;
using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>What the plan does in cases that an operator knows.</summary>
public sealed class HostPlanTests
{
    private readonly ModelHost _host = new();

    [Fact]
    public void An_empty_host_gets_the_walk_through_of_the_seed()
    {
        var plan = _host.Converge(Seed);

        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
        var bridge = Bridge("br-vm5");
        Assert.Equal("netdev", bridge.DatapathType);
        Assert.Equal(["br-vm5", "brvm5-brint", "c51", "c52", "vm5"], bridge.Ports.Select(port => port.Name).Order());
        Assert.Equal((0, 51, 52), (Port("vm5").Tag, Port("c51").Tag, Port("c52").Tag));
        Assert.Equal([0, 51, 52], Port("brvm5-brint").Trunks.Order());
        Assert.Null(Port("brvm5-brint").Tag);
        Assert.Equal("dmz-vm5", Port("brint-brvm5").Interfaces[0].ExternalIds["iface-id"]);
        Assert.DoesNotContain(bridge.Ports, port => port.Interfaces[0].ExternalIds.ContainsKey("iface-id"));
        Assert.Equal("nameserver 10.0.0.2\n", _host.Namespaces["c52"].ResolvConf);
        Assert.Equal(["10.0.0.52/24"], _host.Namespaces["c52"].Links["c52"].Addresses);
        Assert.Equal(2, _host.Clients.Count);
    }

    [Fact]
    public void All_that_a_vm_and_its_containers_need_in_the_database_is_in_one_transaction()
    {
        _host.Do(HostPlan.For(Seed, _host.Look()));
        Assert.Empty(HostPlan.For(Seed, _host.Look()).Ovs);
    }

    [Fact]
    public void The_plan_of_a_host_that_is_as_wanted_is_empty()
    {
        _host.Converge(Seed);
        Assert.True(HostPlan.For(Seed, _host.Look()).IsEmpty);
    }

    [Fact]
    public void Two_DHCP_clients_of_one_device_both_end_and_one_starts_anew()
    {
        _host.Converge(Seed);
        var wanted = _host.Clients.Count;
        _host.DoubleClients();

        var plan = _host.Converge(Seed);

        Assert.Equal(wanted, _host.Clients.Count);
        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
    }

    [Theory]
    [InlineData("10.0.0.254", "10.0.0.1", "DHCP gave the gateway 10.0.0.1, expected is 10.0.0.254")]
    [InlineData("10.0.0.1", "10.0.0.3", "DHCP gave the name servers 10.0.0.1, expected are 10.0.0.3")]
    public void A_DHCP_client_asks_anew_when_the_network_has_another_gateway_or_name_server_than_it_was_given(
        string gateway,
        string server,
        string error
    )
    {
        _host.Converge(Seed);
        var work = Seed.WithContainer(C51, container =>
            container with
            {
                Device = container.Device with { Gateway = gateway, DnsServers = [server] },
            }
        );
        var seen = _host.Look();

        var plan = HostPlan.For(
            work,
            seen with
            {
                Clients = [.. seen.Clients.Select(client => client with { Age = TimeSpan.FromMinutes(1) })],
            }
        );

        Assert.Equal((error, null), (Report(plan, C51).Error, Report(plan, C51).Digest));
        Assert.Equal(C51, Assert.Single(plan.Steps.OfType<StopClient>()).ResourceId);
    }

    [Fact]
    public void A_namespace_of_the_wanted_name_without_our_mark_is_not_touched_and_told()
    {
        _host.AddNamespace("c51");
        var foreign = _host.Namespaces["c51"];

        var plan = _host.Converge(Seed);

        Assert.StartsWith("namespace c51 exists and is not ours", Report(plan, C51).Error);
        Assert.Same(foreign, _host.Namespaces["c51"]);
        Assert.DoesNotContain(Bridge("br-vm5").Ports, port => port.Name == "c51");
        Assert.Equal([0, 52], Port("brvm5-brint").Trunks.Order());
        Assert.NotNull(Report(plan, C52).Digest);
    }

    [Fact]
    public void A_namespace_of_before_the_machine_started_anew_is_no_longer_ours()
    {
        _host.Converge(Seed);
        _host.Reboot();
        _host.AddNamespace("c51");

        Assert.StartsWith("namespace c51 exists and is not ours", Report(_host.Converge(Seed), C51).Error);
    }

    [Fact]
    public void A_bridge_of_another_installation_is_foreign()
    {
        _host.Ovs.AddBridge("br-vm5", new OwnerMark(Guid.NewGuid(), OwnerMark.Vm, Vm5).ExternalIds);
        Assert.All(_host.Converge(Seed).Report.Objects, item => Assert.StartsWith("bridge br-vm5 exists and is not ours", item.Error));
        Assert.Empty(Bridge("br-vm5").Ports);
    }

    [Fact]
    public void A_device_of_the_wanted_name_that_is_no_port_is_foreign()
    {
        var dummy = _host.Root["c51"] = new Link(5, "c51", "dummy", "02:00:00:00:00:09", 1500, true, true, null, []);
        Assert.StartsWith("device c51 exists and is not ours", Report(_host.Converge(Seed), C51).Error);
        Assert.Same(dummy, _host.Root["c51"]);
    }

    [Fact]
    public void Another_interface_with_the_vms_iface_id_is_told()
    {
        _host.Ovs.AddPort("br-int", "tap9", null);
        _host.Ovs.Rows("Interface").Single(row => row["name"] == "tap9")["external_ids"] = Ovsdb.OvsdbValue.Map([
            new("iface-id", "dmz-vm5"),
        ]);
        Assert.StartsWith("interface tap9 with iface-id dmz-vm5 exists and is not ours", Report(_host.Converge(Seed), Vm5).Error);
    }

    [Fact]
    public void A_tag_that_a_foreign_port_of_the_bridge_bears_is_not_used_again()
    {
        _host.Converge(Of(Vm(Vm5, "vm5")));
        _host.Ovs.AddPort("br-vm5", "tap9", 51);

        Assert.Contains("tap9, which has tag 51", Report(_host.Converge(Seed), C51).Error);
        Assert.DoesNotContain(Bridge("br-vm5").Ports, port => port.Name == "c51");
    }

    [Fact]
    public void Two_containers_may_exchange_their_tags()
    {
        _host.Converge(Seed);
        var plan = _host.Converge(Seed.WithContainer(C51, c => c with { Tag = 52 }).WithContainer(C52, c => c with { Tag = 51 }));
        Assert.Equal((52, 51), (Port("c51").Tag, Port("c52").Tag));
        Assert.All(plan.Report.Objects, item => Assert.NotNull(item.Digest));
    }

    [Fact]
    public void A_tag_is_not_used_while_the_one_who_bears_it_cannot_be_changed()
    {
        _host.Converge(Seed);
        _host.AddNamespace("c51b");
        var work = Seed.WithContainer(C51, c => c with { Tag = 60, Device = c.Device with { Namespace = "c51b" } })
            .WithContainer(C52, c => c with { Tag = 51 });
        _host.Converge(work);
        Assert.Equal((51, 52), (Port("c51").Tag, Port("c52").Tag));
    }

    [Fact]
    public void What_the_work_does_not_mention_is_kept_and_told()
    {
        _host.Converge(Seed);
        var plan = HostPlan.For(Of(), _host.Look());
        Assert.True(plan.IsEmpty);
        Assert.Equal([Vm5, C51, C52], plan.Report.Unknown.Select(item => item.Id));
        Assert.Equal([51, 52], Assert.Single(plan.Report.Bridges).Tags);
        Assert.Empty(plan.Report.Removed);
    }

    [Fact]
    public void An_unknown_containers_tag_goes_on_passing_the_trunk()
    {
        _host.Converge(Seed);
        _host.Converge(Of(Vm(Vm5, "vm5")));
        Assert.Equal([0, 51, 52], Port("brvm5-brint").Trunks.Order());
    }

    [Fact]
    public void A_removal_is_confirmed_only_when_nothing_is_left()
    {
        _host.Converge(Seed);
        var work = Of(Vm(Vm5, "vm5", Container(C52, "c52", 52, Addressing.Static))) with { Remove = [Removal(C51, "c51", "br-vm5")] };

        Assert.Empty(HostPlan.For(work, _host.Look()).Report.Removed);
        Assert.Equal([C51], _host.Converge(work).Report.Removed);
        Assert.False(_host.Namespaces.ContainsKey("c51"));
        Assert.DoesNotContain(_host.Clients, client => client.Id == C51);
        Assert.Equal([0, 52], Port("brvm5-brint").Trunks.Order());
    }

    [Fact]
    public void The_tags_of_a_vms_bridge_are_told_though_somebody_has_taken_its_mark_away()
    {
        _host.Converge(Seed);
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
        var told = Assert.Single(_host.Converge(work).Report.Bridges);
        Assert.Equal((Vm5, true), (told.Vm, told.Attached));
        Assert.Equal([51, 52], told.Tags);
    }

    [Fact]
    public void A_removal_is_not_confirmed_before_ovs_vswitchd_has_done_it()
    {
        var seen = _host.Look();
        var work = Of() with { Remove = [Removal(C51, "c51", "br-vm5")] };
        Assert.Empty(HostPlan.For(work, seen with { Ovs = seen.Ovs with { HasUnappliedChange = true } }).Report.Removed);
        Assert.Equal([C51], HostPlan.For(work, seen).Report.Removed);
    }

    [Fact]
    public void A_bridge_with_a_foreign_port_is_not_removed()
    {
        _host.Converge(Of(Vm(Vm5, "vm5")));
        _host.Ovs.AddPort("br-vm5", "tap9", 9);
        var plan = _host.Converge(Of() with { Remove = [Removal(Vm5, "vm5", "br-vm5")] });
        Assert.Contains("(tap9)", Report(plan, Vm5).Error);
        Assert.Empty(plan.Report.Removed);
        Assert.NotNull(Port("tap9"));
    }

    [Fact]
    public void A_new_incarnation_of_the_same_name_takes_over_once_the_old_one_is_gone()
    {
        _host.Converge(Seed);
        var next = new Guid("cccccccc-0000-0000-0000-0000000000ff");
        var plan = _host.Converge(Seed.WithContainer(C51, c => c with { Id = next }) with { Remove = [Removal(C51, "c51", "br-vm5")] });

        Assert.Equal([C51], plan.Report.Removed);
        Assert.Equal(next, Port("c51").Mark?.Id);
        Assert.Equal(next, _host.Notes.Single(note => note.Namespace == "c51").Mark.Id);
        Assert.NotNull(Report(plan, next).Address);
    }

    [Fact]
    public void Names_that_are_none_do_not_get_far()
    {
        var plan = HostPlan.For(Seed.WithContainer(C51, c => c with { Device = c.Device with { Interface = "x;reboot" } }), _host.Look());
        Assert.Contains("cannot be a device's name", Report(plan, C51).Error);
        Assert.DoesNotContain(plan.Ovs.SelectMany(group => group.Ops), op => op.ToString().Contains("reboot"));
        Assert.DoesNotContain(plan.Steps, step => step.ToString().Contains("reboot"));
    }

    [Fact]
    public void A_host_without_the_integration_bridge_waits_for_ovn_controller()
    {
        var seen = _host.Look();
        var plan = HostPlan.For(Seed, seen with { Ovs = seen.Ovs with { Bridges = [] } });
        Assert.True(plan.IsEmpty);
        Assert.All(plan.Report.Objects, item => Assert.Contains("br-int does not exist", item.Error));
    }

    [Fact]
    public void An_uplink_interface_stands_in_for_the_patch_pair()
    {
        _host.Converge(Seed.With(Vm5, vm => vm with { UplinkInterface = "eth1" }));
        Assert.Equal([0, 51, 52], Port("eth1").Trunks.Order());
        Assert.Empty(Bridge("br-int").Ports);
    }

    [Fact]
    public void A_port_for_a_container_runtime_stays_in_the_hosts_namespace()
    {
        var work = Seed.WithContainer(C51, c => c with { Device = c.Device with { Workload = Workload.Port } });
        Assert.NotNull(Report(_host.Converge(work), C51).Digest);
        Assert.True(_host.Root["c51"].IsUp);
        Assert.False(_host.Namespaces.ContainsKey("c51"));

        _host.Root.Remove("c51"); // the runtime took it
        Assert.True(HostPlan.For(work, _host.Look()).IsEmpty);
    }

    [Fact]
    public void Nothing_is_made_for_an_object_whose_host_side_is_somebody_elses()
    {
        var work = Seed.With(Vm5, vm =>
            vm with
            {
                Device = vm.Device with { Workload = Workload.None },
                Containers = [.. vm.Containers.Select(c => c with { Device = c.Device with { Workload = Workload.None } })],
            }
        );
        var plan = HostPlan.For(work, _host.Look());
        Assert.True(plan.IsEmpty);
        Assert.All(plan.Report.Objects, item => Assert.NotNull(item.Digest));
    }

    private OvsBridge Bridge(string name) => Assert.Single(_host.Ovs.Read().Bridges, bridge => bridge.Name == name);

    private OvsPort Port(string name) =>
        Assert.Single(_host.Ovs.Read().Bridges.SelectMany(bridge => bridge.Ports), port => port.Name == name);

    private static ObjectReport Report(HostPlan plan, Guid id) => Assert.Single(plan.Report.Objects, item => item.Id == id);
}
