using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The columns <c>addresses</c> and <c>port_security</c> of the port of a VM or container (ovn-nb(5)).</summary>
internal static class PortAddresses
{
    /// <summary>
    /// Returns the column <c>addresses</c>. Allowed IPv4 addresses are not in it: the switch would answer ARP requests for them in the name
    /// of this port while another port may have them. Frames for an allowed MAC address, which several ports can have, reach those ports
    /// that get frames for unknown addresses and whose port security allows the MAC address.
    /// </summary>
    public static OvsdbValue Of(DesiredPort port)
    {
        var isUnknown =
            port.UnknownAddresses || (port.PortSecurity && port.AllowedAddresses.Any(one => one.Mac is { } mac && mac != port.Mac));
        var own = port.Ip is { } ip ? $"{port.Mac} {ip}" : port.Mac.ToString();
        return isUnknown ? OvsdbValue.Set([own, "unknown"]) : own;
    }

    /// <summary>Returns the column <c>port_security</c>: one element for each MAC address.</summary>
    public static OvsdbValue SecurityOf(DesiredPort port)
    {
        if (!port.PortSecurity)
        {
            return OvsdbValue.Empty;
        }

        var allowed = port.AllowedAddresses.ToLookup(one => one.Mac ?? port.Mac, one => one.RangeText);
        // Without an IPv4 address, the port can use any with its own MAC address.
        var own = port.Ip is { } ip ? string.Join(' ', [port.Mac.ToString(), ip.ToString(), .. allowed[port.Mac]]) : port.Mac.ToString();
        return OvsdbValue.Set([
            own,
            .. allowed.Where(group => group.Key != port.Mac).Select(group => $"{group.Key} {string.Join(' ', group)}"),
        ]);
    }
}
