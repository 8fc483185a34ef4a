using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Tests.Harness;

/// <summary>Desired state for tests without a server.</summary>
internal sealed class DesiredLab
{
    public static readonly Ownership Ours = new("lab");

    public Dictionary<Guid, DesiredRouter> Routers { get; } = [];

    public Dictionary<Guid, DesiredNetwork> Networks { get; } = [];

    public Dictionary<Guid, DesiredPort> Vms { get; } = [];

    public List<DesiredPort> Containers { get; } = [];

    public Dictionary<Guid, ExistingSwitch> Existing { get; } = [];

    public Dictionary<Guid, ExistingRouter> ExistingRouters { get; } = [];

    public static Guid Id(int n) => new(n, 0, 0, new byte[8]);

    public static Cidr Subnet(string text) => Cidr.TryParse(text, out var cidr) ? cidr : throw new ArgumentException(text);

    public static Ipv4 Ip(string text) => Ipv4.TryParse(text, out var ip) ? ip : throw new ArgumentException(text);

    /// <summary>Returns the example lab of the documentation: network dmz with router gw, and vm5 with containers c51 and c52.</summary>
    public static DesiredLab Seed()
    {
        var lab = new DesiredLab();
        lab.Routers[Id(1)] = new()
        {
            Id = Id(1),
            Name = "gw",
            IsWanted = true,
            IsRequested = true,
            RouterUuid = Id(101),
        };
        lab.Networks[Id(2)] = new()
        {
            Id = Id(2),
            Name = "dmz",
            SwitchName = "dmz",
            IsWanted = true,
            IsRequested = true,
            SwitchUuid = Id(102),
            DhcpUuid = Id(103),
            RouterPortName = "gw-dmz-0a1b2c",
            SwitchRouterPortName = "dmz-gw",
            RouterPortUuid = Id(104),
            SwitchRouterPortUuid = Id(105),
            Subnet = Subnet("172.16.255.128/26"),
            Gateway = Ip("172.16.255.129"),
            GatewayMac = new(0x02ac10ff0181),
            RouterId = Id(1),
            DhcpEnabled = true,
            DnsServers = ["1.1.1.1", "9.9.9.9"],
            DomainName = "example.org",
        };
        lab.Vms[Id(5)] = Port(5, "vm5") with { Chassis = "ubuntu2" };
        lab.Containers.Add(Port(51, "c51") with { VmId = Id(5), Tag = 51 });
        lab.Containers.Add(Port(52, "c52") with { VmId = Id(5), Tag = 52 });
        return lab;
    }

    public static DesiredPort Port(int n, string name, int network = 2) =>
        new()
        {
            Id = Id(n),
            Name = name,
            IsWanted = true,
            IsRequested = true,
            NetworkId = Id(network),
            PortName = $"dmz-{name}",
            PortUuid = Id(1000 + n),
            Mac = new(0x020000000000UL | (uint)n),
            Ip = new(Ip("172.16.255.128").Value + (uint)(n % 60)),
        };

    public IReadOnlyList<WantedResource> Wanted()
    {
        var resources = Routers.Values.Concat<DesiredResource>(Networks.Values).Concat(Vms.Values).Concat(Containers).ToList();
        var projection = new NorthboundProjection(Ours, resources.ToDictionary(resource => resource.Id), Existing, ExistingRouters);
        return [.. resources.Select(projection.Of)];
    }

    /// <summary>Returns the operations that bring the rows of this database to the desired state.</summary>
    public IReadOnlyList<Op> Plan(NorthboundModel nb) =>
        NorthboundTransaction.Of([.. NorthboundPlan.Between(Wanted(), nb.RowsOf(Wanted()))]);

    /// <summary>Returns a new database with the rows of the desired state.</summary>
    public NorthboundModel Program()
    {
        var nb = new NorthboundModel(Ours);
        nb.Apply(Plan(nb));
        return nb;
    }

    /// <summary>Makes every resource unwanted.</summary>
    public void DeleteAll()
    {
        foreach (var (id, router) in Routers)
        {
            Routers[id] = router with { IsWanted = false };
        }

        foreach (var (id, network) in Networks)
        {
            Networks[id] = network with { IsWanted = false };
        }

        foreach (var (id, vm) in Vms)
        {
            Vms[id] = vm with { IsWanted = false };
        }

        for (var i = 0; i < Containers.Count; i++)
        {
            Containers[i] = Containers[i] with { IsWanted = false };
        }
    }
}
