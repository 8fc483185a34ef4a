using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A logical switch with its subnet, DHCP options and gateway. All values are the effective ones.</summary>
public sealed class Network : Resource
{
    /// <summary>Null: no addresses, no DHCP.</summary>
    public Cidr? Subnet { get; set; }

    /// <summary>The gateway's address; null: none.</summary>
    public Ipv4? Gateway { get; set; }

    /// <summary>The gateway's MAC address; null: none, or of an existing switch that others serve.</summary>
    public MacAddress? GatewayMac { get; set; }

    /// <summary>The router that the network joins; null: none.</summary>
    public Guid? RouterId { get; set; }

    /// <summary>OVN answers DHCP in this network.</summary>
    public bool DhcpEnabled { get; set; }

    /// <summary>DHCP lease time in seconds.</summary>
    public int DhcpLeaseTime { get; set; } = 3600;

    /// <summary>DNS servers (canonical IPv4) told by DHCP, and written by the agent with static addressing.</summary>
    public string[] DnsServers { get; set; } = [];

    /// <summary>The domain name told by DHCP; null: none.</summary>
    public string? DomainName { get; set; }

    /// <summary>MTU in bytes, told by DHCP and set on devices.</summary>
    public int Mtu { get; set; } = 1442;

    /// <summary>Ranges that are not handed out, canonical ("172.16.255.140-172.16.255.150", or a single address).</summary>
    public string[] Reserved { get; set; } = [];

    /// <summary>The logical switch's name.</summary>
    public required string SwitchName { get; set; }

    /// <summary>The switch was made by others: only our ports are added to it or taken from it.</summary>
    public bool SwitchExisting { get; set; }

    /// <summary>The DHCP_Options row to use on an existing switch, where the CIDR alone does not tell; null: found by CIDR.</summary>
    public Guid? DhcpOptionsId { get; set; }

    /// <summary>UUID of the Logical_Switch row, unless it exists already.</summary>
    public Guid SwitchUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the DHCP_Options row, unless it exists already.</summary>
    public Guid DhcpUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the Logical_Router_Port row.</summary>
    public Guid RouterPortUuid { get; set; } = Guid.NewGuid();

    /// <summary>UUID of the Logical_Switch_Port row of type <c>router</c>.</summary>
    public Guid SwitchRouterPortUuid { get; set; } = Guid.NewGuid();
}

internal sealed class NetworkMapping : IEntityTypeConfiguration<Network>
{
    public void Configure(EntityTypeBuilder<Network> network)
    {
        network.ToTable("networks").HasResource(unique: true);
        network.HasOne<Router>().WithMany().HasForeignKey(n => n.RouterId).OnDelete(DeleteBehavior.Restrict);
    }
}
