using System.Globalization;
using OvnNestApi.Schema;
using Ovsdb;
using Columns = System.Collections.Generic.KeyValuePair<string, Ovsdb.OvsdbValue>;

namespace OvnNestApi.Northbound;

/// <summary>What desired objects look like in the NB (ovn-nb(5)). Pure.</summary>
public sealed class NorthboundProjection(
    Ownership ownership,
    IReadOnlyDictionary<Guid, DesiredRouter> routers,
    IReadOnlyDictionary<Guid, DesiredNetwork> networks,
    IReadOnlyDictionary<Guid, DesiredPort> vms,
    IReadOnlyDictionary<Guid, ExistingSwitch> existing
)
{
    /// <summary>The rows of a router.</summary>
    public WantedResource Of(DesiredRouter router)
    {
        var self = new OwnerRef(OwnerKind.Router, router.Id);
        return router.IsWanted
            ? new(self, [new(new(Tables.Router, router.RouterUuid), [new("name", router.Name)], [Marks(self)])], router.IsAsked)
            : new(self, [], router.IsAsked);
    }

    /// <summary>The rows of a network: switch, DHCP options, and the two ports that join it to its router.</summary>
    public WantedResource Of(DesiredNetwork network)
    {
        var self = new OwnerRef(OwnerKind.Network, network.Id);
        if (!network.IsWanted)
        {
            return new(self, [], network.IsAsked);
        }

        if (existing.TryGetValue(network.Id, out var found) && found.Problem is { } problem)
        {
            return new(self, [], network.IsAsked, Obstacle.Rejected(problem));
        }

        var rows = new List<WantedRow>(4);
        if (!network.SwitchExisting)
        {
            rows.Add(new(new(Tables.Switch, network.SwitchUuid), [new("name", network.SwitchName)], [Marks(self)]));
        }

        if (OwnDhcpOf(network) is { } dhcp)
        {
            rows.Add(new(dhcp, [new("cidr", network.Subnet.ToString() ?? ""), new("options", DhcpOptions(network))], [Marks(self)]));
        }

        if (
            network is { RouterId: { } id, Subnet: { } subnet, Gateway: { } gateway }
            && routers.TryGetValue(id, out var router)
            && router.IsWanted
        )
        {
            var name = $"{router.Name}-{network.Name}";
            rows.Add(
                new(
                    new(Tables.RouterPort, network.RouterPortUuid),
                    [new("name", name), new("mac", MacOf(network).ToString()), new("networks", $"{gateway}/{subnet.PrefixLength}")],
                    [Marks(self)],
                    new RowRef(Tables.Router, router.RouterUuid)
                )
            );
            rows.Add(
                new(
                    new(Tables.SwitchPort, network.SwitchRouterPortUuid),
                    [new("name", $"{network.Name}-{router.Name}"), new("type", "router"), new("addresses", "router")],
                    [Marks(self), new("options", [new("router-port", name)])],
                    SwitchOf(network)
                )
            );
        }
        return new(self, rows, network.IsAsked);
    }

    /// <summary>The row of a VM's or a container's port.</summary>
    public WantedResource Of(DesiredPort port)
    {
        var self = new OwnerRef(port.Kind, port.Id);
        if (!port.IsWanted)
        {
            return new(self, [], port.IsAsked);
        }

        var network = networks[port.NetworkId];
        if (SwitchOf(network) is not { } parent)
        {
            return new(self, [], port.IsAsked, Obstacle.Rejected(existing[network.Id].Problem ?? ""));
        }

        var dhcp = DhcpOf(network);
        var address = port.Ip is { } ip ? $"{port.Mac} {ip}" : port.Mac.ToString();
        Columns[] columns =
        [
            new("name", port.PortName),
            new("type", ""),
            new("addresses", address),
            new("port_security", port.PortSecurity ? address : OvsdbValue.Empty),
            new("enabled", port.Enabled),
            new("dhcpv4_options", OvsdbValue.Optional(port.Ip is null ? null : dhcp?.Uuid)),
            new("parent_name", OvsdbValue.Optional(port.VmId is { } vm ? vms[vm].PortName : null)),
            // Never `tag`: northd copies this into it, and since 26.03.2 clears what others write there.
            new("tag_request", OvsdbValue.Optional((long?)port.Tag)),
        ];
        return new(
            self,
            [
                new(
                    new(Tables.SwitchPort, port.PortUuid),
                    columns,
                    [Marks(self), new("options", [new("requested-chassis", port.Chassis)])],
                    parent,
                    port.Ip is null ? null : dhcp
                ),
            ],
            port.IsAsked
        );
    }

    private RowRef? SwitchOf(DesiredNetwork network) =>
        !network.SwitchExisting ? new(Tables.Switch, network.SwitchUuid)
        : existing[network.Id].Switch is { } uuid ? new(Tables.Switch, uuid)
        : null;

    private RowRef? DhcpOf(DesiredNetwork network) =>
        OwnDhcpOf(network)
        ?? (network.DhcpEnabled && existing.GetValueOrDefault(network.Id).Dhcp is { } foreign ? new(Tables.Dhcp, foreign) : null);

    // On a switch of others' the DHCP row of theirs is used where there is one.
    private RowRef? OwnDhcpOf(DesiredNetwork network) =>
        network is { DhcpEnabled: true, Subnet: not null } && existing.GetValueOrDefault(network.Id).Dhcp is null
            ? new(Tables.Dhcp, network.DhcpUuid)
            : null;

    private WantedKeys Marks(OwnerRef of) => new("external_ids", ownership.Marks(of));

    /// <summary>
    /// The options of ovn-nb(5), "DHCPv4 options": <c>server_id</c>, <c>server_mac</c> and <c>lease_time</c> are mandatory.
    /// </summary>
    private static OvsdbValue DhcpOptions(DesiredNetwork network)
    {
        var options = new Dictionary<string, string>
        {
            ["server_id"] = (network.Gateway ?? network.Subnet?.FirstHost).ToString() ?? "",
            ["server_mac"] = MacOf(network).ToString(),
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
            options["domain_name"] = $"\"{domain}\""; // OVN wants text in quotes
        }

        return OvsdbValue.Map(options);
    }

    /// <summary>The gateway's MAC; where the network has none, a locally administered one that always comes out the same.</summary>
    private static MacAddress MacOf(DesiredNetwork network)
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
