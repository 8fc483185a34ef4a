using System.Text.Json;
using CsCheck;
using OvnNestApi.Agent.Planning;
using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>What holds for any work, after any history, whatever was done to the host in between.</summary>
public sealed class HostPlanProperties
{
    private static readonly string[] Names = ["a", "b", "c"];

    /// <summary>A container of a generated VM: which of its incarnations, and how it is wanted.</summary>
    private sealed record Child(int Name, int Incarnation, int Tag, Addressing Addressing, Workload Workload);

    private sealed record Parent(int Name, int Incarnation, Workload Workload, Child[] Children);

    /// <summary>Work, what becomes of what it no longer mentions, and what is done to the host afterwards.</summary>
    private sealed record Chapter(Parent[] Parents, bool Removes, Damage[] Damages);

    private sealed record Damage(int Kind, int Which);

    private static readonly Gen<Child> AnyChild = Gen.Select(
        Gen.Int[0, 2],
        Gen.Int[0, 1],
        Gen.Int[51, 55],
        Gen.Enum<Addressing>(),
        Gen.Frequency((6, Gen.Const(Workload.Namespace)), (1, Gen.Const(Workload.Port)), (1, Gen.Const(Workload.None))),
        (name, incarnation, tag, addressing, workload) => new Child(name, incarnation, tag, addressing, workload)
    );

    private static readonly Gen<Parent> AnyParent = Gen.Select(
        Gen.Int[0, 1],
        Gen.Int[0, 1],
        Gen.Frequency((6, Gen.Const(Workload.Namespace)), (1, Gen.Const(Workload.None))),
        AnyChild.Array[0, 4],
        (name, incarnation, workload, children) =>
            new Parent(name, incarnation, workload, [.. children.DistinctBy(child => child.Name).DistinctBy(child => child.Tag)])
    );

    private static readonly Gen<Chapter> AnyChapter = Gen.Select(
        AnyParent.Array[0, 2],
        Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))),
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 5], (kind, which) => new Damage(kind, which)).Array[0, 4],
        (parents, removes, damages) => new Chapter([.. parents.DistinctBy(parent => parent.Name)], removes, damages)
    );

    [Fact]
    public void A_host_becomes_what_the_work_says_whatever_was_before() =>
        AnyChapter
            .Array[1, 4]
            .Sample(
                chapters =>
                {
                    var host = new ModelHost();
                    var known = new Dictionary<Guid, Removal>();
                    foreach (var chapter in chapters)
                    {
                        var work = WorkOf(chapter.Parents);
                        Remember(work, known);
                        // All that is no longer wanted is named: then nothing may stand in the way.
                        work = work with { Remove = [.. known.Values.Where(removal => !Ids(work).Contains(removal.Id))] };
                        foreach (var damage in chapter.Damages)
                        {
                            Do(host, damage);
                        }

                        var last = host.Converge(work, rounds: 14);

                        Assert.True(
                            last.IsEmpty,
                            $"does not come to rest: {string.Join(", ", last.Steps)} {string.Join(", ", last.Ovs.SelectMany(group => group.Ops))}"
                        );
                        Assert.All(last.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
                        Assert.Equal(work.Remove.Select(removal => removal.Id).Order(), last.Report.Removed);
                        Assert.Empty(last.Report.Unknown);
                        AssertIsAsWanted(host, work);
                    }
                },
                iter: 1000,
                print: Print
            );

    [Fact]
    public void What_is_not_ours_and_what_is_not_named_is_never_touched() =>
        AnyChapter
            .Array[1, 4]
            .Sample(
                chapters =>
                {
                    var host = new ModelHost();
                    host.Ovs.AddBridge("br-b", new Dictionary<string, string>());
                    host.Ovs.AddPort("br-b", "x", 7);
                    host.Ovs.AddPort("br-int", "b-b", null);
                    host.RunVswitchd();
                    host.AddNamespace("a-a");
                    var foreign = Foreign(host);
                    var known = new Dictionary<Guid, Removal>();
                    foreach (var chapter in chapters)
                    {
                        var work = WorkOf(chapter.Parents);
                        Remember(work, known);
                        if (chapter.Removes)
                        {
                            work = work with { Remove = [.. known.Values.Where(removal => !Ids(work).Contains(removal.Id)).Take(1)] };
                        }

                        var kept = Kept(host, work);

                        var last = host.Converge(work, rounds: 14);

                        Assert.True(last.IsEmpty);
                        Assert.Equal(foreign, Foreign(host));
                        Assert.Equal(kept, Kept(host, work));
                        Assert.Equal(kept.Select(line => line.Id).Distinct().Order(), last.Report.Unknown.Select(item => item.Id));
                    }
                },
                iter: 1000,
                print: Print
            );

    private static string Print(Chapter[] chapters) => JsonSerializer.Serialize(chapters);

    private static HostWork WorkOf(Parent[] parents) =>
        Of([
            .. parents.Select(parent =>
            {
                var name = Names[parent.Name];
                var vm = Vm(
                    Id(1, parent.Name, parent.Incarnation, 0),
                    name,
                    [.. parent.Children.Select(child => ContainerOf(parent, child))]
                );
                return vm with { Device = vm.Device with { Workload = parent.Workload } };
            }),
        ]);

    private static ContainerWork ContainerOf(Parent parent, Child child)
    {
        var container = Container(
            Id(2, parent.Name, parent.Incarnation, 1 + child.Name + (10 * child.Incarnation)),
            $"{Names[parent.Name]}-{Names[child.Name]}",
            child.Tag,
            child.Addressing
        );
        return container with { Device = container.Device with { Workload = child.Workload } };
    }

    private static Guid Id(int kind, int parent, int incarnation, int child) =>
        new(kind, (short)parent, (short)incarnation, [0, 0, 0, 0, 0, 0, 0, (byte)child]);

    private static HashSet<Guid> Ids(HostWork work) =>
        [.. work.Vms.SelectMany(vm => vm.Containers.Select(container => container.Id).Prepend(vm.Id))];

    private static void Remember(HostWork work, Dictionary<Guid, Removal> known)
    {
        foreach (var vm in work.Vms)
        {
            known[vm.Id] = Removal(vm.Id, vm.Name, vm.Bridge);
            foreach (var container in vm.Containers)
            {
                known[container.Id] = Removal(container.Id, container.Name, vm.Bridge);
            }
        }
    }

    private static void Do(ModelHost host, Damage damage)
    {
        T? Pick<T>(IEnumerable<T> all) => all.ToArray() is { Length: > 0 } list ? list[damage.Which % list.Length] : default;

        var ports = host
            .Ovs.Read()
            .Bridges.Where(bridge => bridge.Name != "br-int")
            .SelectMany(bridge => bridge.Ports)
            .Select(port => port.Name)
            .ToArray();
        var place = Pick(host.Namespaces.Values.OrderBy(place => place.Name));
        switch (damage.Kind)
        {
            case 0 when place is not null:
                host.DeleteNamespace(place.Name);
                break;
            case 1 when Pick(ports) is { } port:
                host.Ovs.Delete("Port", port);
                host.RunVswitchd();
                break;
            case 2 when Pick(host.Ovs.Read().Bridges.Where(bridge => bridge.Name != "br-int")) is { } bridge:
                host.Ovs.Delete("Bridge", bridge.Name);
                host.RunVswitchd();
                break;
            case 3 when Pick(ports) is { } port:
                host.Ovs.Rows("Port").Single(row => row["name"] == port)["tag"] = 77;
                break;
            case 4 when Pick(ports) is { } port:
                host.Ovs.Rows("Port").Single(row => row["name"] == port)["external_ids"] = Ovsdb.OvsdbValue.EmptyMap;
                break;
            case 5:
                host.RestartVswitchd();
                break;
            case 6:
                host.Ovs.Empty();
                host.RunVswitchd();
                break;
            case 7:
                host.Reboot();
                break;
            case 8 when Pick(host.Clients) is { } client:
                host.KillClient(client.Pid);
                break;
            case 9 when place is not null && Pick(place.Links.Keys) is { } name:
                host.Change(place.Name, name, link =>
                    link with
                    {
                        Mac = "02:00:00:00:00:77",
                        Mtu = 900,
                        IsUp = false,
                        Alias = null,
                        Addresses = [],
                    }
                );
                break;
            case 10 when place is not null && Pick(place.Links.Keys.Where(name => name != "lo")) is { } name:
                host.DeleteLink(place.Name, name);
                break;
            case 11 when place is not null:
                host.Namespaces[place.Name] = place with { DefaultGateway = null, ResolvConf = null };
                break;
        }
    }

    // Not by the plan's own words.
    private static void AssertIsAsWanted(ModelHost host, HostWork work)
    {
        var bridges = host.Ovs.Read().Bridges.ToDictionary(bridge => bridge.Name);
        var expected = new List<string> { "br-int" };
        foreach (
            var vm in work.Vms.Where(vm =>
                vm.Containers.Select(container => container.Device).Append(vm.Device).Any(device => device.Workload is not Workload.None)
            )
        )
        {
            expected.Add(vm.Bridge);
            var containers = vm.Containers.Where(container => container.Device.Workload is not Workload.None).ToArray();
            var ports = bridges[vm.Bridge].Ports.ToDictionary(port => port.Name);
            Assert.Equal(
                containers.Select(container => container.Tag).Append(0).Order(),
                ports[$"br{vm.Name}-brint"].Trunks.Select(tag => (int)tag).Order()
            );
            foreach (
                var (device, id, tag) in containers
                    .Select(container => (container.Device, container.Id, container.Tag))
                    .Append((vm.Device, vm.Id, 0))
                    .Where(item => item.Item1.Workload is not Workload.None)
            )
            {
                Assert.Equal((tag, id), (ports[device.Interface].Tag, ports[device.Interface].Mark?.Id));
                var link =
                    device.Workload is Workload.Namespace
                        ? host.Namespaces[device.Namespace].Links[device.Interface]
                        : host.Root[device.Interface];
                Assert.Equal((device.Mac, device.Mtu, true, true), (link.Mac, link.Mtu, link.IsUp, link.HasCarrier));
                Assert.Equal(
                    device is { Workload: Workload.Namespace, Addressing: Addressing.Dhcp } ? 1 : 0,
                    host.Clients.Count(client => client.Id == id)
                );
                if (device is { Workload: Workload.Namespace, Addressing: Addressing.Static })
                {
                    Assert.Equal(device.Address, Assert.Single(link.Addresses));
                }
            }
        }
        Assert.Equal(expected.Order(), bridges.Keys.Order());
        var namespaces = work
            .Vms.SelectMany(vm => vm.Containers.Select(container => container.Device).Append(vm.Device))
            .Where(device => device.Workload is Workload.Namespace)
            .Select(device => device.Namespace);
        Assert.Equal(namespaces.Order(), host.Namespaces.Keys.Order());
        Assert.Equal(namespaces.Order(), host.Notes.Select(note => note.Namespace).Order());
    }

    private static List<string> Foreign(ModelHost host) =>
        [
            .. host
                .Ovs.Read()
                .Bridges.SelectMany(bridge => bridge.Ports.Where(port => port.Mark is null).Select(port => $"{bridge.Uuid} {port}"))
                .Order(),
            host.Namespaces["a-a"].ToString(),
        ];

    /// <summary>What bears the mark of an object that the work does not mention.</summary>
    private static List<(Guid Id, string What)> Kept(ModelHost host, HostWork work)
    {
        var mentioned = Ids(work).Concat(work.Remove.Select(removal => removal.Id)).ToHashSet();
        return
        [
            .. host
                .Ovs.Read()
                .Bridges.SelectMany(bridge =>
                    bridge
                        .Ports.Select(port => (port.Mark, What: $"{bridge.Name} {port.Uuid} {port.Name} {port.Tag}"))
                        .Append((bridge.Mark, What: bridge.Name))
                )
                .Concat(
                    host.Notes.Select(note =>
                        (
                            Mark: (OwnerMark?)note.Mark,
                            What: $"{note.Namespace} {host.Namespaces[note.Namespace].Identity} {string.Join(' ', host.Namespaces[note.Namespace].Links.Values)}"
                        )
                    )
                )
                .Where(thing => thing.Mark is { } mark && !mentioned.Contains(mark.Id))
                .Select(thing => (thing.Mark.GetValueOrDefault().Id, thing.What))
                .Order(),
        ];
    }
}
