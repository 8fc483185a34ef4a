using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>A logical switch port that this service did not create, on a switch that one of our networks uses.</summary>
/// <param name="Uuid">Column <c>_uuid</c>.</param>
/// <param name="Name">Column <c>name</c>.</param>
/// <param name="Switch">UUID of the logical switch.</param>
/// <param name="Addresses">Its MAC and IPv4 addresses.</param>
/// <param name="RouterPort">Name of the logical router port that it is connected to; null if there is none.</param>
/// <param name="Dhcp">UUID of the DHCP_Options row that it uses; null if it uses none.</param>
public sealed record ForeignPort(
    Guid Uuid,
    string Name,
    Guid Switch,
    IReadOnlyList<ForeignAddress> Addresses,
    string? RouterPort,
    Guid? Dhcp
)
{
    /// <summary>Reads a port (ovn-nb(5), Logical_Switch_Port). IPv6 addresses are ignored.</summary>
    /// <param name="routerPort">Returns a logical router port by its name; null if it is not known.</param>
    public static ForeignPort Of(Row row, Guid logicalSwitch, Func<string, Row?> routerPort)
    {
        var (type, options) = (row["type"].AsOptionalString(), row["options"].AsStringMap());
        var peer = type == "router" ? options.GetValueOrDefault("router-port") : null;
        var addresses = row["addresses"].AsSet().Concat(row["dynamic_addresses"].AsSet()).SelectMany(entry => Entry(entry.AsString()));
        if (peer is not null && routerPort(peer) is { } gateway)
        {
            var networks = gateway["networks"].AsSet().Select(network => network.AsString());
            addresses = addresses.Concat(Entry($"{gateway["mac"].AsOptionalString()} {string.Join(' ', networks)}"));
        }

        if (type == "virtual" && options.TryGetValue("virtual-ip", out var shared))
        {
            addresses = addresses.Concat(Entry(shared));
        }

        return new(
            row.Uuid,
            row["name"].AsOptionalString() ?? "",
            logicalSwitch,
            [.. Distinct(addresses)],
            peer,
            row["dhcpv4_options"].AsOptionalUuid()
        );
    }

    /// <summary>True if all values are equal.</summary>
    public bool HasSameContent(ForeignPort? other) =>
        other is not null
        && (Name, Switch, RouterPort, Dhcp) == (other.Name, other.Switch, other.RouterPort, other.Dhcp)
        && Addresses.SequenceEqual(other.Addresses);

    /// <summary>
    /// Reads an entry such as "MAC", "MAC IP IP6" or "MAC IP/24". The words <c>dynamic</c>, <c>unknown</c> and <c>router</c> contain no
    /// address.
    /// </summary>
    private static IEnumerable<ForeignAddress> Entry(string entry)
    {
        MacAddress? mac = null;
        var ips = new List<Ipv4>();
        foreach (var word in entry.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (MacAddress.TryParse(word, out var parsed))
            {
                mac = parsed;
            }
            else if (Ipv4.TryParse(word.Split('/')[0], out var ip))
            {
                ips.Add(ip);
            }
        }

        return ips.Count == 0 ? [new(mac, null)] : ips.Select(ip => new ForeignAddress(mac, ip));
    }

    /// <summary>Returns each MAC address and each IPv4 address once.</summary>
    private static IEnumerable<ForeignAddress> Distinct(IEnumerable<ForeignAddress> all)
    {
        var (macs, ips) = (new HashSet<MacAddress>(), new HashSet<Ipv4>());
        foreach (var (mac, ip) in all)
        {
            MacAddress? newMac = mac is { } knownMac && macs.Add(knownMac) ? mac : null;
            Ipv4? newIp = ip is { } knownIp && ips.Add(knownIp) ? ip : null;
            if (newMac is not null || newIp is not null)
            {
                yield return new(newMac, newIp);
            }
        }
    }
}

/// <summary>A MAC address, an IPv4 address, or both, of a foreign port.</summary>
/// <param name="Mac">MAC address; null if the port has another pair with it.</param>
/// <param name="Ip">IPv4 address; null if the port has none.</param>
public readonly record struct ForeignAddress(MacAddress? Mac, Ipv4? Ip);
