using System.Text.Json;
using CsCheck;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Properties of plans for random work, random histories and random damage.</summary>
[Trait("Kind", "pure")]
public sealed class HostPlanProperties
{
    [Fact]
    public void Any_host_state_converges_to_the_work() =>
        RandomHistory.Any.Sample(
            stages =>
            {
                var host = new ModelHost();
                var removals = new Dictionary<Guid, Removal>();
                foreach (var stage in stages)
                {
                    var work = RandomHistory.WorkOf(stage);
                    RandomHistory.AddRemovals(removals, work);
                    // Every resource that is no longer wanted is listed for removal, so that none can block the wanted ones.
                    var wanted = RandomHistory.WantedIds(work);
                    work = work with { Remove = [.. removals.Values.Where(removal => !wanted.Contains(removal.Id))] };
                    foreach (var damage in stage.Damages)
                    {
                        damage.ApplyTo(host);
                    }

                    var last = host.Converge(work, rounds: 14);

                    Assert.True(last.IsEmpty, $"The plan does not become empty: {Describe(last)}");
                    Assert.All(last.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
                    Assert.Equal(work.Remove.Select(removal => removal.Id).Order(), last.Report.Removed);
                    Assert.Empty(last.Report.Unknown);
                    AssertMatches(host, work);
                }
            },
            iter: 1000,
            print: Print
        );

    [Fact]
    public void Foreign_items_and_unmentioned_resources_are_never_changed() =>
        RandomHistory.Any.Sample(
            stages =>
            {
                var host = new ModelHost();
                host.Ovs.AddBridge("br-b", new Dictionary<string, string>());
                host.Ovs.AddPort("br-b", "x", 7);
                host.Ovs.AddPort("br-int", "b-b", null);
                host.RunVswitchd();
                host.CreateNamespace("a-a");
                var foreign = FindForeign(host);
                var removals = new Dictionary<Guid, Removal>();
                foreach (var stage in stages)
                {
                    var work = RandomHistory.WorkOf(stage);
                    RandomHistory.AddRemovals(removals, work);
                    if (stage.HasRemovals)
                    {
                        var wanted = RandomHistory.WantedIds(work);
                        work = work with { Remove = [.. removals.Values.Where(removal => !wanted.Contains(removal.Id)).Take(1)] };
                    }

                    var unmentioned = FindUnmentioned(host, work);

                    var last = host.Converge(work, rounds: 14);

                    Assert.True(last.IsEmpty, $"The plan does not become empty: {Describe(last)}");
                    Assert.Equal(foreign, FindForeign(host));
                    Assert.Equal(unmentioned, FindUnmentioned(host, work));
                    Assert.Equal(unmentioned.Select(item => item.Id).Distinct().Order(), last.Report.Unknown.Select(item => item.Id));
                }
            },
            iter: 1000,
            print: Print
        );

    private static string Print(Stage[] stages) => JsonSerializer.Serialize(stages);

    private static string Describe(HostPlan plan) => string.Join(", ", [.. plan.Steps, .. plan.Ovs.SelectMany(group => group.Ops)]);

    // Compares the model with the work directly, without the plan's own report.
    private static void AssertMatches(ModelHost host, HostWork work)
    {
        var vms = work.Vms.Where(vm => Devices(vm).Any()).ToArray();
        var bridges = host.Ovs.Read().Bridges.ToDictionary(bridge => bridge.Name);
        Assert.Equal(vms.Select(vm => vm.Bridge).Append("br-int").Order(), bridges.Keys.Order());
        foreach (var vm in vms)
        {
            var ports = bridges[vm.Bridge].Ports.ToDictionary(port => port.Name);
            Assert.Equal(
                Devices(vm).Select(item => item.Tag).Append(0).Distinct().Order(),
                ports[$"br{vm.Name}-brint"].Trunks.Select(tag => (int)tag).Order()
            );
            foreach (var (device, id, tag) in Devices(vm))
            {
                Assert.Equal((tag, id), (ports[device.Interface].Tag, ports[device.Interface].Mark?.Id));
                AssertMatches(host, device, id);
            }
        }

        var namespaces = vms.SelectMany(Devices)
            .Where(item => item.Device.Workload is Workload.Namespace)
            .Select(item => item.Device.Namespace)
            .Order()
            .ToArray();
        Assert.Equal(namespaces, host.Namespaces.Keys.Order());
        Assert.Equal(namespaces, host.Records.Select(record => record.Namespace).Order());
    }

    private static void AssertMatches(ModelHost host, DeviceWork device, Guid id)
    {
        var isInNamespace = device.Workload is Workload.Namespace;
        var link = isInNamespace ? host.Namespaces[device.Namespace].Links[device.Interface] : host.Root[device.Interface];
        Assert.Equal((device.Mac, device.Mtu, true, true), (link.Mac, link.Mtu, link.IsUp, link.HasCarrier));
        var clients = isInNamespace && device.Addressing is Addressing.Dhcp ? 1 : 0;
        Assert.Equal(clients, host.Clients.Count(client => client.Id == id));
        if (isInNamespace && device.Addressing is Addressing.Static)
        {
            Assert.Equal(device.Address, Assert.Single(link.Addresses));
        }
    }

    /// <summary>Returns the devices that the agent must create for a VM and its containers.</summary>
    private static IEnumerable<(DeviceWork Device, Guid Id, int Tag)> Devices(VmWork vm) =>
        vm
            .Containers.Select(container => (container.Device, container.Id, container.Tag))
            .Append((vm.Device, vm.Id, 0))
            .Where(item => item.Device.Workload is not Workload.None);

    private static string Describe(NamespaceState state) => $"{state.Name} {state.Identity} {string.Join(' ', state.Links.Values)}";

    private static List<string> FindForeign(ModelHost host) =>
        [
            .. host
                .Ovs.Read()
                .Bridges.SelectMany(bridge => bridge.Ports.Where(port => port.Mark is null).Select(port => $"{bridge.Uuid} {port}"))
                .Order(),
            host.Namespaces["a-a"].ToString(),
        ];

    /// <summary>Returns the items with the mark of a resource that the work neither wants nor removes.</summary>
    private static List<(Guid Id, string Text)> FindUnmentioned(ModelHost host, HostWork work)
    {
        var mentioned = RandomHistory.WantedIds(work).Concat(work.Remove.Select(removal => removal.Id)).ToHashSet();
        return
        [
            .. host
                .Ovs.Read()
                .Bridges.SelectMany(bridge =>
                    bridge
                        .Ports.Select(port => (port.Mark, Text: $"{bridge.Name} {port.Uuid} {port.Name} {port.Tag}"))
                        .Append((bridge.Mark, Text: bridge.Name))
                )
                .Concat(host.Records.Select(record => (Mark: (OwnerMark?)record.Mark, Text: Describe(host.Namespaces[record.Namespace]))))
                .Where(item => item.Mark is { } mark && !mentioned.Contains(mark.Id))
                .Select(item => (item.Mark.GetValueOrDefault().Id, item.Text))
                .Order(),
        ];
    }
}
