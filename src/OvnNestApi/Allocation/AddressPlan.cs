using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>The addresses that one port will get. No I/O.</summary>
internal sealed class AddressPlan
{
    /// <summary>Port that has the addresses now: the port itself, or the predecessor of a new port; null if none.</summary>
    private readonly LogicalPort? _former;
    private readonly bool _isSameNetwork;
    private readonly MacPrefix _macPrefix;

    public AddressPlan(AddressRequest request, AddressPool pool, MacPrefix macPrefix)
    {
        (Request, Pool, _macPrefix) = (request, pool, macPrefix);
        _former = IsNew ? request.Predecessor : request.Port;
        _isSameNetwork = IsNew ? _former?.NetworkId == request.Network.Id : !request.IsMoved;
        Mac = request.Mac ?? (request.GivesUpMac ? null : _former?.Mac);
        Ip = request.Ip ?? (request.GivesUpIp ? null : Valid(_former?.Ip));
        IsUnchanged =
            !IsNew
            && !request.IsMoved
            && (Mac, Ip) == (request.Port.Mac, request.Port.Ip)
            && (Ip is null) == (request.Network.Subnet is null);
        Problem = Check();
    }

    public AddressRequest Request { get; }

    public AddressPool Pool { get; }

    public Guid Owner => Request.Port.Id;

    public Guid NetworkId => Request.Network.Id;

    /// <summary>MAC address; null if it is not decided yet.</summary>
    public MacAddress? Mac { get; private set; }

    /// <summary>True if the MAC address was generated.</summary>
    public bool HasRandomMac { get; private set; }

    /// <summary>IPv4 address; null if the port has none, or gets any free one.</summary>
    public Ipv4? Ip { get; private set; }

    /// <summary>Why the port cannot get the addresses; null if nothing is known.</summary>
    public Problem? Problem { get; set; }

    /// <summary>True once the addresses are stored.</summary>
    public bool IsGiven { get; private set; }

    /// <summary>True once the port has got any free IPv4 address.</summary>
    public bool IsDrawn { get; private set; }

    /// <summary>True if the port keeps both addresses.</summary>
    public bool IsUnchanged { get; }

    /// <summary>True while the port needs any free IPv4 address of its network.</summary>
    public bool IsDraw => Ip is null && Request.Network.Subnet is not null;

    /// <summary>Owner of the addresses that this plan frees or takes over; null if none.</summary>
    public Guid? Former => _former?.Id;

    /// <summary>Name of the container for which addresses may be remembered; null if none are.</summary>
    public Container? Remembering => IsNew && _former is null ? Request.Port as Container : null;

    /// <summary>
    /// Order in which ports of one list get an IPv4 address: first those that have it already, then those that request it.
    /// </summary>
    public int IpRank => Rank(_isSameNetwork && Ip == _former?.Ip, Request.Ip is not null);

    /// <summary>Order in which ports of one list get a MAC address.</summary>
    public int MacRank => Rank(_isSameNetwork && Mac == _former?.Mac, Request.Mac is not null);

    private bool IsNew => Request.Port.Mac.Value == 0;

    /// <summary>Uses remembered addresses where the spec requests none.</summary>
    public void Remember(MacAddress mac, Ipv4? ip) => (Mac, Ip) = (Request.Mac ?? mac, Request.Ip ?? Valid(ip));

    /// <summary>Returns the MAC address; generates it if it was not decided.</summary>
    public MacAddress SettleMac() => Mac ?? GenerateMac();

    /// <summary>Generates the MAC address.</summary>
    public MacAddress GenerateMac()
    {
        var mac = _macPrefix.Random();
        while (mac == Request.Network.GatewayMac)
        {
            mac = _macPrefix.Random();
        }

        (Mac, HasRandomMac) = (mac, true);
        return mac;
    }

    /// <summary>Sets the addresses of the port, which are stored now.</summary>
    public void Give(Ipv4? ip)
    {
        (Ip, IsGiven, IsDrawn) = (ip, true, IsDraw);
        (Request.Port.Mac, Request.Port.Ip) = (SettleMac(), ip);
    }

    private static int Rank(bool isHeld, bool isRequested) =>
        (isHeld, isRequested) switch
        {
            (true, _) => 0,
            (_, true) => 1,
            _ => 2,
        };

    private Ipv4? Valid(Ipv4? ip) => ip is { } known && Pool.WhyNot(known) is null ? known : null;

    private Problem? Check()
    {
        if (Request.Ip is { } ip && Pool.WhyNot(ip) is { } reason)
        {
            return Problem.ValidationFailed(Request.Pointers.Ip, reason);
        }

        return Request.Mac is { } mac && mac == Request.Network.GatewayMac
            ? Problem.AddressTaken(Request.Pointers.Mac, $"{mac} is the MAC address of the gateway of network {Request.Network.Name}.")
            : null;
    }
}
