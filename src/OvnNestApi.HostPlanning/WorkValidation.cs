using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Validates the values of the work. The API has checked them already, but the agent runs as root and the kernel and <c>ip</c> accept more
/// than the agent wants to pass on.
/// </summary>
internal static partial class WorkValidation
{
    /// <summary>Returns the first error in the VM's own values, without its containers; null if they are valid.</summary>
    public static string? FindError(VmWork vm)
    {
        if (!InterfaceName().IsMatch(vm.Bridge))
        {
            return $"'{vm.Bridge}' is not a valid bridge name";
        }

        if (vm.UplinkInterface is { } uplink && !InterfaceName().IsMatch(uplink))
        {
            return $"'{uplink}' is not a valid interface name";
        }

        return PortName().IsMatch(vm.PortName) ? FindError(vm.Device) : $"'{vm.PortName}' is not a valid logical port name";
    }

    /// <summary>Returns the first error in the container's values; null if they are valid.</summary>
    public static string? FindError(ContainerWork container) =>
        container.Tag is < 1 or > 4094 ? $"{container.Tag} is not a valid VLAN tag (1-4094)" : FindError(container.Device);

    /// <summary>Returns the first error in the values of a check; null if they are valid.</summary>
    public static string? FindError(HostCheck check)
    {
        if (!InterfaceName().IsMatch(check.Namespace))
        {
            return $"'{check.Namespace}' is not a valid namespace name";
        }

        if (!IsAddress(check.Address) || IPAddress.Parse(check.Address).GetAddressBytes()[0] is 0 or 127 or >= 224)
        {
            return $"'{check.Address}' is not a valid unicast IPv4 address";
        }

        return check.Count is < 1 or > 10 ? $"{check.Count} is not a valid number of requests (1-10)" : null;
    }

    /// <summary>True if the device belongs in a namespace and the namespace's name is valid.</summary>
    public static bool HasNamespace(DeviceWork device) =>
        device.Workload is Workload.Namespace && InterfaceName().IsMatch(device.Namespace);

    /// <summary>True for a domain name that can be written to resolv.conf.</summary>
    public static bool IsDomainName(string text) => DomainName().IsMatch(text);

    private static string? FindError(DeviceWork device)
    {
        if (device.Workload is Workload.None)
        {
            return null;
        }

        if (!InterfaceName().IsMatch(device.Interface))
        {
            return $"'{device.Interface}' is not a valid device name";
        }

        if (!InterfaceName().IsMatch(device.Namespace))
        {
            return $"'{device.Namespace}' is not a valid namespace name";
        }

        if (!UnicastMac().IsMatch(device.Mac))
        {
            return $"'{device.Mac}' is not a valid unicast MAC address";
        }

        return device.Mtu is < 68 or > 65521 ? $"{device.Mtu} is not a valid MTU (68-65521)" : FindAddressError(device);
    }

    private static string? FindAddressError(DeviceWork device)
    {
        if (device.Address is { } address && !IsAddressWithPrefix(address))
        {
            return $"'{address}' is not a valid IPv4 address with prefix length";
        }

        if (device.Gateway is { } gateway && !IsAddress(gateway))
        {
            return $"'{gateway}' is not a valid IPv4 address";
        }

        if (device.DomainName is { } domain && !IsDomainName(domain))
        {
            return $"'{domain}' is not a valid domain name";
        }

        return device.DnsServers.FirstOrDefault(server => !IPAddress.TryParse(server, out _)) is { } dns
            ? $"'{dns}' is not a valid IP address"
            : null;
    }

    private static bool IsAddressWithPrefix(string text) =>
        text.Split('/') is [var address, var length] && IsAddress(address) && Prefix().IsMatch(length);

    // IPAddress.TryParse also accepts "10.1" and octal numbers; only the canonical spelling is valid here.
    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily is AddressFamily.InterNetwork && address.ToString() == text;

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex InterfaceName();

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainName();

    [GeneratedRegex("^[!-~]{1,255}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortName();

    // The lowest bit of the first byte is the group bit.
    [GeneratedRegex("^[0-9a-f][02468ace](:[0-9a-f]{2}){5}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex UnicastMac();

    [GeneratedRegex("^([0-9]|[12][0-9]|3[0-2])\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();
}
