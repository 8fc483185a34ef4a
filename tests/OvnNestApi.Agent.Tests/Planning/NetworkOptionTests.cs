using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Options of a network that are changed or withdrawn while its ports are in place: c51 has DHCP, c52 a static address.</summary>
[Trait("Kind", "pure")]
public sealed class NetworkOptionTests
{
    private readonly ModelHost _host = new();

    [Theory]
    [InlineData("c51")]
    [InlineData("c52")]
    public void Name_servers_and_domain_follow_the_work(string name)
    {
        Converge(device => device with { DnsServers = ["10.0.0.3", "10.0.0.4"] });
        Assert.Equal("nameserver 10.0.0.3\nnameserver 10.0.0.4\n", _host.Namespaces[name].ResolvConf);

        Converge(device => device with { DnsServers = ["10.0.0.3"], DomainName = "a.example" });
        Assert.Equal("search a.example\nnameserver 10.0.0.3\n", _host.Namespaces[name].ResolvConf);

        _host.Namespaces[name] = _host.Namespaces[name] with { ResolvConf = "nameserver 10.0.0.66\n" };
        Converge(device => device with { DnsServers = ["10.0.0.3"], DomainName = "b.example" });
        Assert.Equal("search b.example\nnameserver 10.0.0.3\n", _host.Namespaces[name].ResolvConf);

        var clients = Converge(device => device with { DnsServers = [] });
        Assert.Equal("", _host.Namespaces[name].ResolvConf);
        Assert.Equal(clients, Converge(device => device with { DnsServers = [] })); // no client was restarted
    }

    [Theory]
    [InlineData("c51")]
    [InlineData("c52")]
    public void The_default_route_follows_the_work(string name)
    {
        var clients = Converge(device => device with { Gateway = "10.0.0.1" });

        Assert.Equal(clients, Converge(device => device with { Gateway = "10.0.0.254" }));
        Assert.Equal([new DefaultRoute("10.0.0.254", Index(name))], _host.Namespaces[name].DefaultRoutes);

        DefaultRoute[] foreign = [new DefaultRoute("192.0.2.1", 4711), new DefaultRoute(null, Index(name))];
        _host.Namespaces[name] = _host.Namespaces[name] with { DefaultRoutes = [.. _host.Namespaces[name].DefaultRoutes, .. foreign] };
        Assert.Equal(clients, Converge(device => device with { Gateway = null }));
        Assert.Equal(foreign, _host.Namespaces[name].DefaultRoutes);
    }

    [Fact]
    public void What_the_work_does_not_have_is_what_another_systems_DHCP_assigns()
    {
        HostWork Following(Func<DeviceWork, DeviceWork> change) =>
            WithDevices(device => change(device with { Gateway = null, FollowsDhcp = true }));

        _host.Converge(Following(device => device));
        Assert.Equal("search example.org\nnameserver 10.0.0.1\n", _host.Namespaces["c51"].ResolvConf);
        Assert.Equal([new DefaultRoute("10.0.0.1", Index("c51"))], _host.Namespaces["c51"].DefaultRoutes);

        _host.Converge(Following(device => device with { DnsServers = ["10.0.0.3"], Gateway = "10.0.0.254" }));
        Assert.Equal("search example.org\nnameserver 10.0.0.3\n", _host.Namespaces["c51"].ResolvConf);
        Assert.Equal([new DefaultRoute("10.0.0.254", Index("c51"))], _host.Namespaces["c51"].DefaultRoutes);
    }

    [Fact]
    public void A_lease_that_an_earlier_version_recorded_leaves_the_name_servers_as_they_are()
    {
        _host.Converge(VmWithTwoContainers);
        var observed = _host.Observe();
        var clients = observed.Clients.Select(client => client with { Lease = new("10.0.0.9/24", "10.0.0.1", null, null, null) });

        Assert.True(HostPlan.For(VmWithTwoContainers, observed with { Clients = [.. clients] }).IsEmpty);
    }

    [Fact]
    public void A_changed_lease_time_renews_the_lease_of_the_running_client()
    {
        var clients = Converge(device => device with { LeaseTime = 3600 });
        _host.LeaseTime = 60;

        var plan = HostPlan.For(WithDevices(device => device with { LeaseTime = 60, FollowsDhcp = false }), _host.Observe());

        Assert.All(plan.Steps, step => Assert.IsType<RenewLease>(step));
        Assert.Null(plan.ReportOf(C51).Digest);
        Assert.Equal(clients, Converge(device => device with { LeaseTime = 60 }));
        Assert.Equal(60, _host.Clients.Single(client => client.Id == C51).Lease?.Time);
    }

    /// <summary>Applies work whose DHCP options are the service's; returns the process ids of the DHCP clients.</summary>
    private int[] Converge(Func<DeviceWork, DeviceWork> change)
    {
        var last = _host.Converge(WithDevices(device => change(device with { FollowsDhcp = false })));
        Assert.True(last.IsEmpty);
        Assert.All(last.Report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
        return [.. _host.Clients.Select(client => client.Pid)];
    }

    private static HostWork WithDevices(Func<DeviceWork, DeviceWork> change) =>
        new[] { C51, C52 }.Aggregate(VmWithTwoContainers, (work, id) =>
            work.WithContainer(id, container => container with { Device = change(container.Device) })
        );

    private int Index(string name) => _host.Namespaces[name].Links[name].Index;
}
