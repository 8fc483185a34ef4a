using System.Globalization;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>A logical switch with ports that were made by hand, and what a network on it would be. Pure.</summary>
internal sealed class SurveyedSwitch
{
    private static readonly string[] Options = ["server_id", "server_mac", "lease_time", "mtu", "router", "dns_server", "domain_name"];

    public SurveyedSwitch(NorthboundContent nb, Row row, Network? stored)
    {
        (Row, Name, Stored) = (row, row["name"].AsString(), stored);
        var used = nb.PortsOf(row)
            .Select(port => port["dhcpv4_options"].AsOptionalUuid())
            .OfType<Guid>()
            .GroupBy(uuid => uuid)
            .OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key)
            .Select(group => nb.Replica.Find(Tables.Dhcp, group.Key))
            .OfType<Row>()
            .ToList();
        Dhcp = used.FirstOrDefault();
        DhcpRows = used.Count;
        Subnet = stored is not null
            ? stored.Subnet
            : ParseSubnet(Dhcp?["cidr"].AsString()) ?? ParseSubnet(row["other_config"].AsStringMap().GetValueOrDefault("subnet"));
        Gateway = stored is not null
            ? stored.Gateway
            : new[] { Option("router") }.Concat(nb.RouterAddressesOf(row)).Select(ParseAddress).FirstOrDefault(IsHost);
        SharesDhcp = Dhcp is { } dhcp && nb.UsersOf(dhcp).Any(port => nb.SwitchOf(port)?.Uuid != row.Uuid);
    }

    public Row Row { get; }

    public string Name { get; }

    /// <summary>The network on this switch; null if there is none.</summary>
    public Network? Stored { get; }

    /// <summary>The DHCP options that most ports of the switch use; null if none uses any.</summary>
    public Row? Dhcp { get; }

    /// <summary>Number of different DHCP options that the ports of the switch use.</summary>
    public int DhcpRows { get; }

    public Cidr? Subnet { get; }

    public Ipv4? Gateway { get; }

    /// <summary>True if ports of other switches use the same DHCP options.</summary>
    private bool SharesDhcp { get; }

    /// <summary>Returns the value of a DHCP option; null if it is not set.</summary>
    public string? Option(string name) => Dhcp?["options"].AsStringMap().GetValueOrDefault(name);

    /// <summary>IPv4 addresses of the DNS servers, from "1.1.1.1" or "{1.1.1.1, 8.8.8.8}".</summary>
    public IReadOnlyList<string> DnsServers =>
        Option("dns_server")?.Trim('{', '}').Split([' ', ','], StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Why the DHCP options cannot belong to a network without losing anything; null if they can.</summary>
    public string? DhcpObstacle()
    {
        if (Dhcp is not { } dhcp)
        {
            return null;
        }

        var others = dhcp["options"].AsStringMap().Keys.Where(key => !Options.Contains(key)).Order(StringComparer.Ordinal).ToList();
        (bool Fits, string Text)[] conditions =
        [
            (!NorthboundContent.IsMarked(dhcp), "they belong to an installation of this service"),
            (!SharesDhcp, "ports of other switches use them too"),
            (others.Count == 0, $"a network has no options {string.Join(", ", others)}"),
            (Subnet is not null, "they have no subnet"),
            (MacAddress.TryParse(Option("server_mac"), out _), "server_mac is not a MAC address"),
            (int.TryParse(Option("lease_time"), NumberStyles.None, CultureInfo.InvariantCulture, out _), "lease_time is not a number"),
            (Option("router") is null || ParseAddress(Option("router")) == Gateway, "router is not the gateway"),
            (ParseAddress(Option("server_id")) == (Gateway ?? Subnet?.FirstHost), "server_id is not the gateway"),
            (DnsServers.All(server => Ipv4.TryParse(server, out _)), "dns_server is not a list of IPv4 addresses"),
        ];
        return conditions.FirstOrDefault(condition => !condition.Fits).Text;
    }

    private bool IsHost(Ipv4? address) => address is { } ip && Subnet is { } subnet && subnet.IsHost(ip);

    private static Ipv4? ParseAddress(string? text) => Ipv4.TryParse(text, out var address) ? address : null;

    private static Cidr? ParseSubnet(string? text) => Cidr.TryParse(text, out var subnet) ? subnet : null;
}
