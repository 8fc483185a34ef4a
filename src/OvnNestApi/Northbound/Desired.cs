using OvnNestApi.Schema;

namespace OvnNestApi.Northbound;

/// <summary>What every desired object has.</summary>
public abstract record DesiredResource
{
    /// <summary>Identity of this incarnation.</summary>
    public required Guid Id { get; init; }

    /// <summary>The object's name.</summary>
    public required string Name { get; init; }

    /// <summary>False: it shall have no rows (it is on its way out, or may not come yet).</summary>
    public required bool IsWanted { get; init; }

    /// <summary>
    /// Somebody asked for what changes now (it is dirty, or on its way out); false: only the NB or the database came to differ.
    /// </summary>
    public bool IsAsked { get; init; }
}

/// <summary>A logical router.</summary>
public sealed record DesiredRouter : DesiredResource
{
    /// <summary>UUID of its row.</summary>
    public required Guid RouterUuid { get; init; }
}

/// <summary>A network: <see cref="Schema.Network"/> says what the values mean.</summary>
public sealed record DesiredNetwork : DesiredResource
{
    public required string SwitchName { get; init; }

    public bool SwitchExisting { get; init; }

    public required Guid SwitchUuid { get; init; }

    public required Guid DhcpUuid { get; init; }

    public required Guid RouterPortUuid { get; init; }

    public required Guid SwitchRouterPortUuid { get; init; }

    public Cidr? Subnet { get; init; }

    public Ipv4? Gateway { get; init; }

    public MacAddress? GatewayMac { get; init; }

    public Guid? RouterId { get; init; }

    public bool DhcpEnabled { get; init; }

    public int DhcpLeaseTime { get; init; } = 3600;

    public Guid? DhcpOptionsId { get; init; }

    public IReadOnlyList<string> DnsServers { get; init; } = [];

    public string? DomainName { get; init; }

    public int Mtu { get; init; } = 1442;
}

/// <summary>The port of a VM or of a container.</summary>
public sealed record DesiredPort : DesiredResource
{
    public required Guid NetworkId { get; init; }

    public required string PortName { get; init; }

    public required Guid PortUuid { get; init; }

    public required MacAddress Mac { get; init; }

    public Ipv4? Ip { get; init; }

    public bool Enabled { get; init; } = true;

    public bool PortSecurity { get; init; } = true;

    /// <summary>A VM's: the chassis where it may be bound; null: anywhere.</summary>
    public string? Chassis { get; init; }

    /// <summary>A container's: its VM; null for a VM.</summary>
    public Guid? VmId { get; init; }

    /// <summary>A container's: the leased tag; null for a VM.</summary>
    public int? Tag { get; init; }

    /// <summary>What it is.</summary>
    public OwnerKind Kind => VmId is null ? OwnerKind.Vm : OwnerKind.Container;
}

/// <summary>The switch and DHCP row that others made and a network uses.</summary>
/// <param name="Switch">The switch; null if there is a <paramref name="Problem"/>.</param>
/// <param name="Dhcp">The DHCP row to use; null: none of others', ours is made.</param>
/// <param name="Problem">Why there is no such switch or DHCP row, in a sentence; null if there is.</param>
public readonly record struct ExistingSwitch(Guid? Switch, Guid? Dhcp, string? Problem);
