using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Addresses of a network that ports can get.</summary>
internal sealed class AddressPool
{
    private readonly Network _network;
    private readonly IReadOnlyList<(Ipv4 Low, Ipv4 High)> _taken;

    private AddressPool(
        Network network,
        Cidr subnet,
        IReadOnlyList<(Ipv4 Low, Ipv4 High)> taken,
        IEnumerable<(Ipv4 Low, Ipv4 High)> allowed
    )
    {
        (_network, _taken, First, Last) = (network, taken, subnet.FirstHost, subnet.LastHost);
        Segments = [.. Between(First, Last, [.. taken, .. allowed])];
    }

    /// <summary>Lowest host address of the subnet.</summary>
    public Ipv4 First { get; }

    /// <summary>Highest host address of the subnet.</summary>
    public Ipv4 Last { get; }

    /// <summary>Ranges of addresses that ports can get without requesting one, in ascending order, both ends included.</summary>
    public IReadOnlyList<(long Low, long High)> Segments { get; }

    /// <summary>Number of addresses that ports can get without requesting one.</summary>
    public long Size => Segments.Sum(segment => segment.High - segment.Low + 1);

    /// <param name="ports">Ports to be stored: no port gets an address that they allow, unless it requests the address.</param>
    public static AddressPool Of(Network network, params IEnumerable<LogicalPort> ports)
    {
        var taken = network.Reserved.Select(Range).ToList();
        if (network.Gateway is { } gateway)
        {
            taken.Add((gateway, gateway));
        }

        var allowed = ports.SelectMany(port => port.AllowedAddresses).Select(AllowedAddress.Parse).Where(one => one.IsSingle);
        return new(network, network.Subnet ?? default, taken, allowed.Select(one => (one.Range.Network, one.Range.Network)));
    }

    /// <summary>Returns the reason why no port can get the address; null if a port can get it while it is free.</summary>
    public string? WhyNot(Ipv4 ip) =>
        (_network, ip) switch
        {
            ({ Subnet: null }, _) => $"Network {_network.Name} has no subnet, so its ports have no IPv4 addresses.",
            ({ Subnet: { } subnet }, _) when !subnet.Contains(ip) => $"{ip} is not in {subnet}, the subnet of network {_network.Name}.",
            ({ Subnet: { } subnet }, _) when !subnet.IsHost(ip) => $"{ip} is the network or broadcast address of {subnet}.",
            ({ Gateway: { } gateway }, _) when ip == gateway => $"{ip} is the gateway of network {_network.Name}.",
            _ when _taken.Any(r => r.Low <= ip && ip <= r.High) => $"{ip} is in a reserved range of network {_network.Name}.",
            _ => null,
        };

    /// <summary>Returns the ranges from first to last without the taken ranges, which can overlap.</summary>
    private static IEnumerable<(long Low, long High)> Between(Ipv4 first, Ipv4 last, IReadOnlyList<(Ipv4 Low, Ipv4 High)> taken)
    {
        var next = (long)first.Value;
        foreach (var (low, high) in taken.OrderBy(r => r.Low))
        {
            if (low.Value > next)
            {
                yield return (next, Math.Min(low.Value - 1L, last.Value));
            }

            next = Math.Max(next, high.Value + 1L);
        }

        if (next <= last.Value)
        {
            yield return (next, last.Value);
        }
    }

    private static (Ipv4 Low, Ipv4 High) Range(string canonical)
    {
        var ends = canonical.Split('-');
        return Ipv4.TryParse(ends[0], out var low) && Ipv4.TryParse(ends[^1], out var high)
            ? (low, high)
            : throw new FormatException($"Not an address range: {canonical}");
    }
}
