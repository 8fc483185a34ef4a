using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using Ovsdb;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>An adopted resource takes over what was made by hand, in place, if it fits; nothing else.</summary>
[Trait("Kind", "pure")]
public sealed class TakeOverTests
{
    private static readonly HostWork Adopted = Adopting(VmWithTwoContainers);
    private readonly ModelHost _host = new();

    public TakeOverTests()
    {
        _host.Converge(VmWithTwoContainers);
        Unmark();
    }

    [Fact]
    public void Everything_that_fits_gets_owner_marks_and_stays_what_it_is()
    {
        var before = Identities();

        var plan = _host.Converge(Adopted);

        Assert.All(plan.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
        Assert.Equal(before, Identities());
        Assert.All([.. _host.Ovs.Rows("Port").Where(row => row["name"] != "br-int")], row => Assert.False(row["external_ids"].IsEmpty));
        Assert.Equal(new OwnerMark(Installation, OwnerMark.Vm, Vm5), _host.Bridge("br-vm5").Mark);
        Assert.True(_host.Converge(VmWithTwoContainers).IsEmpty);
        Assert.Equal([C51], _host.Converge(Of() with { Remove = [Removal(C51, "c51", "br-vm5")] }).Report.Removed);
    }

    [Fact]
    public void Without_adoption_nothing_is_taken_over()
    {
        var plan = _host.Converge(VmWithTwoContainers);
        Assert.StartsWith("bridge br-vm5 exists and is not ours", plan.ReportOf(Vm5).Error);
        Assert.Null(_host.Bridge("br-vm5").Mark);
    }

    [Fact]
    public void A_device_with_the_right_address_keeps_it_when_its_DHCP_client_is_replaced()
    {
        _host.Change("c51", "c51", link => link with { Addresses = ["10.0.0.9/24"] });
        var work = Adopted.WithContainer(C51, c => c with { Device = c.Device with { Address = "10.0.0.9/24" } });

        var started = Steps(work).OfType<StartClient>().ToDictionary(step => step.ResourceId, step => step.TakesOverIn);

        Assert.Equal(_host.Namespaces["c51"].Identity, started[C51]);
        Assert.Null(started[Vm5]);
    }

    [Theory]
    [InlineData("Port", "c51", "tag", "its tag is 53, not 51")]
    [InlineData("Interface", "c51", "type", "its type is 'system', not 'internal'")]
    public void A_port_that_does_not_fit_is_reported_and_not_changed(string table, string name, string column, string error)
    {
        var row = _host.Ovs.Rows(table).Single(row => row["name"] == name);
        row[column] = column == "tag" ? 53 : "system";
        var before = _host.Port(name);

        Assert.Contains(error, _host.Converge(Adopted).ReportOf(C51).Error);

        Assert.Equal((before.Uuid, before.Tag, before.Mark), (_host.Port(name).Uuid, _host.Port(name).Tag, _host.Port(name).Mark));
        Assert.NotNull(_host.Converge(Adopted).ReportOf(C52).Digest);
    }

    [Fact]
    public void A_port_whose_device_is_in_another_namespace_is_not_taken_over()
    {
        var before = _host.Port("c51").Uuid;
        var elsewhere = Adopted.WithContainer(C51, c => c with { Device = c.Device with { Namespace = "other" } });

        Assert.Contains("its device is not in namespace other", _host.Converge(elsewhere).ReportOf(C51).Error);

        Assert.Equal(before, _host.Port("c51").Uuid);
        Assert.DoesNotContain("other", _host.Namespaces.Keys);
    }

    [Fact]
    public void A_namespace_without_the_device_is_not_taken_over()
    {
        _host.DeleteLink("c51", "c51");
        Assert.Contains("device c51 of Open vSwitch is not in it", _host.Converge(Adopted).ReportOf(C51).Error);
        Assert.Null(_host.Namespaces["c51"].Owner);
    }

    [Fact]
    public void The_trunk_keeps_passing_the_tag_of_a_port_that_was_not_adopted()
    {
        var work = Adopting(Of(Vm(Vm5, "vm5", Container(C51, "c51", 51))));
        _host.Converge(work);
        Assert.Equal([0, 51, 52], _host.Port("brvm5-brint").Trunks.Order());
        _host.Converge(Of(Vm(Vm5, "vm5", Container(C51, "c51", 51))));
        Assert.Equal([0, 51, 52], _host.Port("brvm5-brint").Trunks.Order());
    }

    private static HostWork Adopting(HostWork work) =>
        work with
        {
            Vms =
            [
                .. work.Vms.Select(vm => vm with { Adopts = true, Containers = [.. vm.Containers.Select(c => c with { Adopts = true })] }),
            ],
        };

    /// <summary>Makes the host look as if everything was created by hand.</summary>
    private void Unmark()
    {
        foreach (var row in new[] { "Bridge", "Port", "Interface" }.SelectMany(_host.Ovs.Rows))
        {
            var kept = row["external_ids"].AsStringMap().Where(pair => pair.Key is "iface-id" or "ovn-nb-cfg");
            row["external_ids"] = OvsdbValue.Map([.. kept]);
        }

        foreach (var place in _host.Namespaces.Values.ToList())
        {
            foreach (var link in place.Links.Keys)
            {
                _host.Change(place.Name, link, found => found with { Alias = null });
            }
        }

        foreach (var client in _host.Clients.ToList())
        {
            _host.KillClient(client.Pid);
        }

        foreach (var name in _host.Root.Keys.ToList())
        {
            _host.Root[name] = _host.Root[name] with { Alias = null };
        }

        _host.LoseRecords();
    }

    private List<string> Identities() =>
        [
            .. _host.Ovs.Read().Bridges.SelectMany(bridge => bridge.Ports, (bridge, port) => $"{bridge.Uuid} {port.Uuid} {port.Name}"),
            .. _host.Namespaces.Values.Select(place => $"{place.Identity} {place.Links.GetValueOrDefault(place.Name)?.Index}"),
        ];

    /// <summary>Applies plans until one is empty, and returns all their steps.</summary>
    private List<Step> Steps(HostWork work)
    {
        var steps = new List<Step>();
        for (var plan = HostPlan.For(work, _host.Observe()); !plan.IsEmpty && steps.Count < 100; plan = HostPlan.For(work, _host.Observe()))
        {
            steps.AddRange(plan.Steps);
            _host.Apply(plan);
        }

        return steps;
    }
}
