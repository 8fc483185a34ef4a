using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>The work is checked again here: the kernel and the programs that get these words take far more than we want them to see.</summary>
internal static partial class WorkValidation
{
    /// <summary>Says what is wrong with a VM's own words; null when nothing is.</summary>
    public static string? Fault(VmWork vm) =>
        !Short().IsMatch(vm.Bridge) ? $"'{vm.Bridge}' cannot be a bridge's name"
        : vm.UplinkInterface is { } uplink && !Short().IsMatch(uplink) ? $"'{uplink}' cannot be an interface's name"
        : !PortName().IsMatch(vm.PortName) ? $"'{vm.PortName}' cannot be a logical port's name here"
        : Fault(vm.Device);

    /// <summary>Says what is wrong with a container's words; null when nothing is.</summary>
    public static string? Fault(ContainerWork container) =>
        container.Tag is < 1 or > 4094 ? $"{container.Tag} is no VLAN tag" : Fault(container.Device);

    /// <summary>The device belongs in a namespace, whose name may be used as one.</summary>
    public static bool HasNamespace(DeviceWork device) => device.Workload is Workload.Namespace && Short().IsMatch(device.Namespace);

    private static string? Fault(DeviceWork device) =>
        device.Workload is Workload.None ? null
        : !Short().IsMatch(device.Interface) ? $"'{device.Interface}' cannot be a device's name"
        : !Short().IsMatch(device.Namespace) ? $"'{device.Namespace}' cannot be a namespace's name"
        : !Mac().IsMatch(device.Mac) ? $"'{device.Mac}' is no MAC address of a single device"
        : device.Mtu is < 68 or > 65521 ? $"{device.Mtu} is no MTU"
        : device.Address is { } address && !IsAddressWithPrefix(address) ? $"'{address}' is no IPv4 address with prefix length"
        : device.Gateway is { } gateway && !IsAddress(gateway) ? $"'{gateway}' is no IPv4 address"
        : device.DnsServers.FirstOrDefault(server => !IPAddress.TryParse(server, out _)) is { } dns ? $"'{dns}' is no IP address"
        : null;

    private static bool IsAddressWithPrefix(string text) =>
        text.Split('/') is [var address, var length] && IsAddress(address) && Prefix().IsMatch(length);

    // Parsing alone takes "10.1" and octal numbers: the canonical spelling is what counts.
    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily is AddressFamily.InterNetwork && address.ToString() == text;

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Short();

    [GeneratedRegex("^[!-~]{1,255}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortName();

    // The lowest bit of the first byte would make it a group address.
    [GeneratedRegex("^[0-9a-f][02468ace](:[0-9a-f]{2}){5}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Mac();

    [GeneratedRegex("^([0-9]|[12][0-9]|3[0-2])\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();
}
