using OvnNestApi.Schema;

namespace OvnNestApi.Northbound;

/// <summary>Common part of all desired resources.</summary>
public abstract record DesiredResource
{
    /// <summary>Kind of the resource.</summary>
    public abstract OwnerKind Kind { get; }

    /// <summary>Resources of other kinds that the rows of this one depend on.</summary>
    public virtual IEnumerable<OwnerRef> DependsOn => [];

    /// <summary>Id of this incarnation.</summary>
    public required Guid Id { get; init; }

    /// <summary>Name of the resource.</summary>
    public required string Name { get; init; }

    /// <summary>False if the resource must have no rows, because it is being deleted or must wait for an earlier incarnation.</summary>
    public required bool IsWanted { get; init; }

    /// <summary>
    /// True if a difference results from a request through the API (the resource is dirty or is being deleted); false if it is drift.
    /// </summary>
    public bool IsRequested { get; init; }

    /// <summary>True if an admin has requested to delete the rows together with what other clients have added to them.</summary>
    public bool IsForced { get; init; }
}

/// <summary>A logical router.</summary>
public sealed record DesiredRouter : DesiredResource
{
    public override OwnerKind Kind => OwnerKind.Router;

    /// <summary>Name of the existing logical router; null if it is ours.</summary>
    public string? ExistingName { get; init; }

    /// <summary>UUID of the Logical_Router row; not used with an existing router.</summary>
    public required Guid RouterUuid { get; init; }
}

/// <summary>A network. See <see cref="Schema.Network"/> for the values.</summary>
public sealed record DesiredNetwork : DesiredResource
{
    public override OwnerKind Kind => OwnerKind.Network;

    public override IEnumerable<OwnerRef> DependsOn => RouterId is { } router ? [new(OwnerKind.Router, router)] : [];

    public required string SwitchName { get; init; }

    public bool SwitchExisting { get; init; }

    public required Guid SwitchUuid { get; init; }

    public required Guid DhcpUuid { get; init; }

    public string? RouterPortName { get; init; }

    public string? SwitchRouterPortName { get; init; }

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

/// <summary>The port of a VM or container. See <see cref="LogicalPort"/> for the values.</summary>
public sealed record DesiredPort : DesiredResource
{
    public override OwnerKind Kind => VmId is null ? OwnerKind.Vm : OwnerKind.Container;

    public override IEnumerable<OwnerRef> DependsOn =>
        VmId is { } vm ? [new(OwnerKind.Vm, vm), new(OwnerKind.Network, NetworkId)] : [new(OwnerKind.Network, NetworkId)];

    public required Guid NetworkId { get; init; }

    public required string PortName { get; init; }

    public required Guid PortUuid { get; init; }

    public required MacAddress Mac { get; init; }

    public Ipv4? Ip { get; init; }

    public bool Enabled { get; init; } = true;

    public bool PortSecurity { get; init; } = true;

    public IReadOnlyList<AllowedAddress> AllowedAddresses { get; init; } = [];

    public bool UnknownAddresses { get; init; }

    public string? Hostname { get; init; }

    /// <summary>Only for a VM: chassis to which the port can be bound; null for any chassis.</summary>
    public string? Chassis { get; init; }

    /// <summary>Id of the container's VM; null for a VM.</summary>
    public Guid? VmId { get; init; }

    /// <summary>Leased tag of the container, 1–4094; null for a VM.</summary>
    public int? Tag { get; init; }
}

/// <summary>Rows of other clients that a network on an existing switch uses.</summary>
/// <param name="Switch">UUID of the Logical_Switch row; null if there is a <paramref name="Problem"/>.</param>
/// <param name="Dhcp">UUID of the DHCP_Options row to use; null to create a row of our own.</param>
/// <param name="Problem">Why the switch or the DHCP options cannot be used, as a sentence; null if they can.</param>
public readonly record struct ExistingSwitch(Guid? Switch, Guid? Dhcp, string? Problem);

/// <summary>Row of another client that a router refers to.</summary>
/// <param name="Router">UUID of the Logical_Router row; null if there is a <paramref name="Problem"/>.</param>
/// <param name="Problem">Why there is no such row, as a sentence; null if there is one.</param>
public readonly record struct ExistingRouter(Guid? Router, string? Problem);
