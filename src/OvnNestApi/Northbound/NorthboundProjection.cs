using System.Globalization;
using OvnNestApi.Schema;
using Ovsdb;
using Columns = System.Collections.Generic.KeyValuePair<string, Ovsdb.OvsdbValue>;

namespace OvnNestApi.Northbound;

/// <summary>Computes the rows that desired resources must have in the NB (ovn-nb(5)). Pure.</summary>
/// <param name="resources">The resources to project and those that they depend on, by id.</param>
/// <param name="existing">Rows to use on existing switches, by the id of the network.</param>
/// <param name="existingRouters">Existing logical routers, by the id of the router.</param>
public sealed class NorthboundProjection(
    Ownership ownership,
    IReadOnlyDictionary<Guid, DesiredResource> resources,
    IReadOnlyDictionary<Guid, ExistingSwitch> existing,
    IReadOnlyDictionary<Guid, ExistingRouter> existingRouters
)
{
    /// <summary>Returns the rows of a resource.</summary>
    public WantedResource Of(DesiredResource resource) =>
        resource switch
        {
            DesiredRouter router => Of(router),
            DesiredNetwork network => Of(network),
            DesiredPort port => Of(port),
            _ => throw new NotSupportedException($"A {resource.Kind} has no projection."),
        };

    private static WantedResource Unwanted(DesiredResource resource) =>
        new(new(resource.Kind, resource.Id), [], resource.IsRequested) { IsForced = resource.IsForced };

    /// <summary>Returns the row of a router; none for an existing one.</summary>
    private WantedResource Of(DesiredRouter router)
    {
        var self = new OwnerRef(OwnerKind.Router, router.Id);
        return router switch
        {
            { IsWanted: false } => Unwanted(router),
            { ExistingName: not null } => new(self, [], router.IsRequested, ProblemOf(router)),
            _ => new(self, [new(new(Tables.Router, router.RouterUuid), [new("name", router.Name)], [Mark(self)])], router.IsRequested),
        };
    }

    /// <summary>Returns the rows of a network: switch, DHCP options, and the two ports that connect it to its router.</summary>
    private WantedResource Of(DesiredNetwork network)
    {
        var self = new OwnerRef(OwnerKind.Network, network.Id);
        if (!network.IsWanted)
        {
            return Unwanted(network);
        }

        if (existing.GetValueOrDefault(network.Id).Problem is { } problem)
        {
            return new(self, [], network.IsRequested, Obstacle.Rejected(problem));
        }

        var rows = new List<WantedRow>(4);
        if (!network.SwitchExisting)
        {
            rows.Add(new(new(Tables.Switch, network.SwitchUuid), [new("name", network.SwitchName)], [Mark(self)]));
        }

        if (OwnDhcpOf(network) is { } dhcp)
        {
            rows.Add(new(dhcp, [new("cidr", network.Subnet.ToString() ?? ""), new("options", DhcpOptions(network))], [Mark(self)]));
        }

        if (RouterOf(network) is { } router && ProblemOf(router) is { } missing)
        {
            // Ports of the network can communicate without the router, so only the two ports that connect them are left as they are.
            RowRef[] kept = [new(Tables.RouterPort, network.RouterPortUuid), new(Tables.SwitchPort, network.SwitchRouterPortUuid)];
            return new(self, rows, network.IsRequested, missing, kept);
        }

        rows.AddRange(RouterPortsOf(network));
        // DHCP options of our own that foreign ones replace are not lost, so the safety brake does not count them.
        return new(self, rows, network.IsRequested || existing.GetValueOrDefault(network.Id).Dhcp is not null);
    }

    /// <summary>Returns the row of the port of a VM or container.</summary>
    private WantedResource Of(DesiredPort port)
    {
        var self = new OwnerRef(port.Kind, port.Id);
        if (!port.IsWanted)
        {
            return Unwanted(port);
        }

        var network = (DesiredNetwork)resources[port.NetworkId];
        if (SwitchOf(network) is not { } parent)
        {
            return new(self, [], port.IsRequested, Obstacle.Rejected(existing[network.Id].Problem ?? ""));
        }

        var dhcp = port.Ip is null ? null : DhcpOf(network);
        var hostname = port.Hostname is { } name ? Quoted(name) : null;
        var row = new WantedRow(
            new(Tables.SwitchPort, port.PortUuid),
            ColumnsOf(port, dhcp),
            [Mark(self), new("options", [new("requested-chassis", port.Chassis), new("hostname", hostname)])],
            parent,
            dhcp
        );
        return new(self, [row], port.IsRequested);
    }

    private Columns[] ColumnsOf(DesiredPort port, RowRef? dhcp)
    {
        return
        [
            new("name", port.PortName),
            new("type", ""),
            new("addresses", PortAddresses.Of(port)),
            new("port_security", PortAddresses.SecurityOf(port)),
            new("enabled", port.Enabled),
            new("dhcpv4_options", OvsdbValue.Optional(dhcp?.Uuid)),
            new("parent_name", OvsdbValue.Optional(port.VmId is { } vm ? ((DesiredPort)resources[vm]).PortName : null)),
            // Never `tag`: northd copies tag_request to it, and since 26.03.2 it clears what other clients write there.
            new("tag_request", OvsdbValue.Optional((long?)port.Tag)),
        ];
    }

    /// <summary>Returns the router port and the switch port that connect a network to its router; none if it is not connected.</summary>
    private IEnumerable<WantedRow> RouterPortsOf(DesiredNetwork network)
    {
        if (
            network is not { Subnet: { } subnet, Gateway: { } gateway, RouterPortName: { } name, SwitchRouterPortName: { } switchPort }
            || RouterOf(network) is not { } router
        )
        {
            yield break;
        }

        var mark = Mark(new(OwnerKind.Network, network.Id));
        yield return new(
            new(Tables.RouterPort, network.RouterPortUuid),
            [new("name", name), new("mac", GatewayMacOf(network).ToString()), new("networks", $"{gateway}/{subnet.PrefixLength}")],
            [mark],
            new RowRef(Tables.Router, existingRouters.GetValueOrDefault(router.Id).Router ?? router.RouterUuid)
        );
        yield return new(
            new(Tables.SwitchPort, network.SwitchRouterPortUuid),
            [new("name", switchPort), new("type", "router"), new("addresses", "router")],
            [mark, new("options", [new("router-port", name)])],
            SwitchOf(network)
        );
    }

    /// <summary>Returns the router of a network; null if it is not connected to one now.</summary>
    private DesiredRouter? RouterOf(DesiredNetwork network) =>
        network.RouterId is { } id && resources.GetValueOrDefault(id) is DesiredRouter { IsWanted: true } router ? router : null;

    /// <summary>Returns why an existing router cannot be used; null if it can, or if the router is ours.</summary>
    private Obstacle? ProblemOf(DesiredRouter router) =>
        existingRouters.GetValueOrDefault(router.Id).Problem is { } problem ? Obstacle.Rejected(problem) : null;

    /// <summary>Returns the switch of a network; null if the existing switch cannot be used.</summary>
    private RowRef? SwitchOf(DesiredNetwork network)
    {
        var uuid = network.SwitchExisting ? existing[network.Id].Switch : network.SwitchUuid;
        return uuid is { } found ? new(Tables.Switch, found) : null;
    }

    private RowRef? DhcpOf(DesiredNetwork network) =>
        OwnDhcpOf(network)
        ?? (network.DhcpEnabled && existing.GetValueOrDefault(network.Id).Dhcp is { } other ? new(Tables.Dhcp, other) : null);

    /// <summary>Returns the DHCP options that belong to the network; null if it has none, or uses existing ones.</summary>
    private RowRef? OwnDhcpOf(DesiredNetwork network) =>
        network is { DhcpEnabled: true, Subnet: not null } && existing.GetValueOrDefault(network.Id).Dhcp is null
            ? new(Tables.Dhcp, network.DhcpUuid)
            : null;

    private WantedKeys Mark(OwnerRef owner) => new("external_ids", ownership.Marks(owner));

    /// <summary>
    /// Returns the options (ovn-nb(5), "DHCPv4 options"); <c>server_id</c>, <c>server_mac</c> and <c>lease_time</c> are mandatory.
    /// </summary>
    private static OvsdbValue DhcpOptions(DesiredNetwork network)
    {
        var options = new Dictionary<string, string>
        {
            ["server_id"] = (network.Gateway ?? network.Subnet?.FirstHost).ToString() ?? "",
            ["server_mac"] = GatewayMacOf(network).ToString(),
            ["lease_time"] = network.DhcpLeaseTime.ToString(CultureInfo.InvariantCulture),
            ["mtu"] = network.Mtu.ToString(CultureInfo.InvariantCulture),
        };
        if (network.Gateway is { } gateway)
        {
            options["router"] = gateway.ToString();
        }

        if (network.DnsServers is [var server])
        {
            options["dns_server"] = server;
        }
        else if (network.DnsServers.Count > 1)
        {
            options["dns_server"] = $"{{{string.Join(", ", network.DnsServers)}}}";
        }

        if (network.DomainName is { } domain)
        {
            options["domain_name"] = Quoted(domain);
        }

        return OvsdbValue.Map(options);
    }

    // northd copies a DHCP option into a flow as it is. Without quotes, the flow cannot be parsed, and the port has no DHCP at all.
    private static string Quoted(string text) => $"\"{text}\"";

    /// <summary>Returns the gateway's MAC address; if the network has none, a locally administered address derived from a UUID.</summary>
    private static MacAddress GatewayMacOf(DesiredNetwork network)
    {
        if (network.GatewayMac is { } mac)
        {
            return mac;
        }

        Span<byte> bytes = stackalloc byte[16];
        network.DhcpUuid.TryWriteBytes(bytes);
        return new(0x02_00_00_00_00_00 | (ulong)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
