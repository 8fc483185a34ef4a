using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A logical switch with its subnet, DHCP options and gateway. All values are effective values, after defaults.</summary>
public sealed class Network : Resource
{
    /// <summary>IPv4 subnet; null if ports have no addresses and DHCP is off.</summary>
    public Cidr? Subnet { get; set; }

    /// <summary>IPv4 address of the gateway; null if none.</summary>
    public Ipv4? Gateway { get; set; }

    /// <summary>MAC address of the gateway; null if there is none, or if another system serves the existing switch.</summary>
    public MacAddress? GatewayMac { get; set; }

    /// <summary>Id of the router that the network is connected to; null if none.</summary>
    public Guid? RouterId { get; set; }

    /// <summary>Name of the Logical_Router_Port; null if the network is not connected to a router.</summary>
    public string? RouterPortName { get; set; }

    /// <summary>Name of the Logical_Switch_Port of type <c>router</c>; null if the network is not connected to a router.</summary>
    public string? SwitchRouterPortName { get; set; }

    /// <summary>True if OVN answers DHCP requests in this network.</summary>
    public bool DhcpEnabled { get; set; }

    /// <summary>DHCP lease time in seconds.</summary>
    public int DhcpLeaseTime { get; set; } = 3600;

    /// <summary>IPv4 addresses of the DNS servers, sent by DHCP or, with static addressing, configured by the agent.</summary>
    public string[] DnsServers { get; set; } = [];

    /// <summary>Domain name sent by DHCP; null if none.</summary>
    public string? DomainName { get; set; }

    /// <summary>MTU in bytes, sent by DHCP and set on devices.</summary>
    public int Mtu { get; set; } = 1442;

    /// <summary>Ranges that are never allocated, in canonical form ("172.16.255.140-172.16.255.150", or a single address).</summary>
    public string[] Reserved { get; set; } = [];

    /// <summary>Name of the logical switch.</summary>
    public required string SwitchName { get; set; }

    /// <summary>True if the logical switch was not created by this service: then only its own ports are added and removed.</summary>
    public bool SwitchExisting { get; set; }

    /// <summary>UUID of the DHCP_Options row to use on an existing switch; null to use the one that ports of others use.</summary>
    public Guid? DhcpOptionsId { get; set; }

    /// <summary>UUID of the Logical_Switch row; not used with an existing switch.</summary>
    public Guid SwitchUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the DHCP_Options row; not used with an existing switch.</summary>
    public Guid DhcpUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the Logical_Router_Port row.</summary>
    public Guid RouterPortUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the Logical_Switch_Port row of type <c>router</c>.</summary>
    public Guid SwitchRouterPortUuid { get; set; } = Guid.NewGuid();

    /// <summary>True if an admin has requested to delete the rows together with what other clients have added to them.</summary>
    public bool DeletionForced { get; set; }
}

internal sealed class NetworkMapping : IEntityTypeConfiguration<Network>
{
    public void Configure(EntityTypeBuilder<Network> network)
    {
        network.ToTable("networks").HasResource(unique: true);
        network.HasOne<Router>().WithMany().HasForeignKey(n => n.RouterId).OnDelete(DeleteBehavior.Restrict);
    }
}
