using OvnNestApi.Schema;

namespace OvnNestApi.Northbound;

/// <summary>Index of foreign ports by logical switch and address. Several ports can have one address.</summary>
internal sealed class AddressHolders
{
    private readonly Dictionary<(Guid Switch, MacAddress? Mac, Ipv4? Ip), HashSet<Guid>> _ports = [];

    /// <summary>Returns the UUIDs of the ports with an IPv4 address.</summary>
    public IReadOnlyCollection<Guid> Of(Guid logicalSwitch, Ipv4 ip) => _ports.GetValueOrDefault((logicalSwitch, null, ip)) ?? [];

    /// <summary>Returns the UUIDs of the ports with a MAC address.</summary>
    public IReadOnlyCollection<Guid> Of(Guid logicalSwitch, MacAddress mac) => _ports.GetValueOrDefault((logicalSwitch, mac, null)) ?? [];

    /// <summary>Replaces a port.</summary>
    /// <returns>The other ports that have an address of the former.</returns>
    public HashSet<Guid> Replace(ForeignPort? former, ForeignPort? current)
    {
        var others = new HashSet<Guid>();
        if (former is not null)
        {
            foreach (var key in Keys(former))
            {
                _ports[key].Remove(former.Uuid);
                others.UnionWith(_ports[key]);
                if (_ports[key].Count == 0)
                {
                    _ports.Remove(key);
                }
            }
        }

        if (current is not null)
        {
            foreach (var key in Keys(current))
            {
                _ports.TryAdd(key, []);
                _ports[key].Add(current.Uuid);
            }
        }

        return others;
    }

    private static IEnumerable<(Guid, MacAddress?, Ipv4?)> Keys(ForeignPort port) =>
        port
            .Addresses.SelectMany(address =>
                new[] { (port.Switch, address.Mac, (Ipv4?)null), (port.Switch, (MacAddress?)null, address.Ip) }
            )
            .Where(key => key.Item2 is not null || key.Item3 is not null);
}
