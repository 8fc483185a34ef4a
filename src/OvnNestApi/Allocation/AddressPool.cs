using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Addresses of a network that ports can get.</summary>
internal sealed class AddressPool
{
    private readonly Network _network;

    private AddressPool(Network network, Cidr subnet, IReadOnlyList<(Ipv4 Low, Ipv4 High)> taken) =>
        (_network, First, Last, Taken) = (network, subnet.FirstHost, subnet.LastHost, taken);

    /// <summary>Lowest host address of the subnet.</summary>
    public Ipv4 First { get; }

    /// <summary>Highest host address of the subnet.</summary>
    public Ipv4 Last { get; }

    /// <summary>The gateway and the reserved ranges; they can overlap.</summary>
    public IReadOnlyList<(Ipv4 Low, Ipv4 High)> Taken { get; }

    /// <summary>Number of addresses that ports can get.</summary>
    public long Size
    {
        get
        {
            var (free, next) = (0L, (long)First.Value);
            foreach (var (low, high) in Taken.OrderBy(r => r.Low))
            {
                free += Math.Max(0, Math.Min(low.Value, (long)Last.Value + 1) - next);
                next = Math.Max(next, (long)high.Value + 1);
            }

            return free + Math.Max(0, (long)Last.Value + 1 - next);
        }
    }

    public static AddressPool Of(Network network)
    {
        var taken = network.Reserved.Select(Range).ToList();
        if (network.Gateway is { } gateway)
        {
            taken.Add((gateway, gateway));
        }

        return new(network, network.Subnet ?? default, taken);
    }

    /// <summary>Returns the reason why no port can get the address; null if a port can get it while it is free.</summary>
    public string? WhyNot(Ipv4 ip) =>
        (_network, ip) switch
        {
            ({ Subnet: null }, _) => $"Network {_network.Name} has no subnet, so its ports have no IPv4 addresses.",
            ({ Subnet: { } subnet }, _) when !subnet.Contains(ip) => $"{ip} is not in {subnet}, the subnet of network {_network.Name}.",
            ({ Subnet: { } subnet }, _) when !subnet.IsHost(ip) => $"{ip} is the network or broadcast address of {subnet}.",
            ({ Gateway: { } gateway }, _) when ip == gateway => $"{ip} is the gateway of network {_network.Name}.",
            _ when Taken.Any(r => r.Low <= ip && ip <= r.High) => $"{ip} is in a reserved range of network {_network.Name}.",
            _ => null,
        };

    private static (Ipv4 Low, Ipv4 High) Range(string canonical)
    {
        var ends = canonical.Split('-');
        return Ipv4.TryParse(ends[0], out var low) && Ipv4.TryParse(ends[^1], out var high)
            ? (low, high)
            : throw new FormatException($"Not an address range: {canonical}");
    }
}
