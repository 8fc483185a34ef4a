using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Decides which ports of one list get the addresses that several of them could have. No I/O.</summary>
internal sealed class AddressChoice
{
    private readonly Dictionary<(Guid Network, Ipv4 Ip), AddressPlan> _ips = [];
    private readonly Dictionary<(Guid Network, MacAddress Mac), AddressPlan> _macs = [];

    /// <summary>Refuses all but the first port for each address that ports of the list have or request.</summary>
    public AddressChoice(IReadOnlyList<AddressPlan> plans)
    {
        foreach (var plan in plans.OrderBy(plan => plan.IpRank))
        {
            if (plan.Ip is { } ip && !_ips.TryAdd((plan.NetworkId, ip), plan))
            {
                plan.Problem ??= AddressConflicts.IpTaken(plan, ip, Holder(_ips[(plan.NetworkId, ip)]));
            }
        }

        foreach (var plan in plans.OrderBy(plan => plan.MacRank))
        {
            if (plan.Mac is { } mac && !_macs.TryAdd((plan.NetworkId, mac), plan))
            {
                plan.Problem ??= AddressConflicts.MacTaken(plan, mac, Holder(_macs[(plan.NetworkId, mac)]));
            }
        }
    }

    /// <summary>Uses the remembered addresses of a deleted container, unless another port of the list gets one of them.</summary>
    public void Remember(AddressPlan plan, MacAddress mac, Ipv4? ip)
    {
        if (_macs.ContainsKey((plan.NetworkId, mac)) || (ip is { } known && _ips.ContainsKey((plan.NetworkId, known))))
        {
            return;
        }

        plan.Remember(mac, ip);
        _macs.TryAdd((plan.NetworkId, mac), plan);
        if (ip is { } remembered)
        {
            _ips.TryAdd((plan.NetworkId, remembered), plan);
        }
    }

    private static string Holder(AddressPlan plan) =>
        plan.Request.Port is Container container ? $"container {container.Name}" : $"VM {plan.Request.Port.Name}";
}
