using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>A port of ours has a value that a foreign port has.</summary>
/// <param name="Obstacle">The conflict as a reason and a sentence.</param>
/// <param name="HasIp">True if both have the IPv4 address.</param>
/// <param name="HasMac">True if both have the MAC address.</param>
internal readonly record struct Conflict(Obstacle Obstacle, bool HasIp = false, bool HasMac = false)
{
    /// <summary>Returns the conflict of each desired port that has one, by the id of the port; a tag precedes an address.</summary>
    /// <param name="isFull">True if <paramref name="desired"/> contains all resources.</param>
    public static async Task<Dictionary<Guid, Conflict>> FindAsync(
        NestDb db,
        DesiredState desired,
        NorthboundView view,
        ForeignPorts foreign,
        bool isFull,
        CancellationToken cancellationToken
    )
    {
        var conflicts = await TagConflicts.FindAsync(db, desired, view, isFull, cancellationToken);
        foreach (var (port, conflict) in OfAddresses(desired, foreign))
        {
            conflicts.TryAdd(port, conflict);
        }

        return conflicts;
    }

    private static IEnumerable<KeyValuePair<Guid, Conflict>> OfAddresses(DesiredState desired, ForeignPorts foreign)
    {
        foreach (var owner in desired.Subjects.Keys)
        {
            if (desired.Resources[owner.Id] is DesiredPort { IsWanted: true } port && foreign.RivalOf(port) is { } rival)
            {
                var network = (DesiredNetwork)desired.Resources[port.NetworkId];
                yield return new(port.Id, Between(port, rival, network.SwitchName));
            }
        }
    }

    private static Conflict Between(DesiredPort port, ForeignPort rival, string switchName)
    {
        var hasIp = port.Ip is { } ip && rival.Addresses.Any(address => address.Ip == ip);
        var hasMac = rival.Addresses.Any(address => address.Mac == port.Mac);
        var address = hasIp ? port.Ip.ToString() : port.Mac.ToString();
        return new(
            new(
                Reason.AddressConflict,
                $"Port {rival.Name} ({rival.Uuid}) of logical switch {switchName} has the address {address} too, and is not managed here."
            ),
            hasIp,
            hasMac
        );
    }
}
