using OvnNestApi.Allocation;
using OvnNestApi.Contracts;
using OvnNestApi.Networks;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>Rules that the ports of VMs and containers have in common. No I/O.</summary>
internal static class PortRules
{
    /// <summary>Returns all fields that are not valid in combination with other fields.</summary>
    public static IEnumerable<FieldError> Check(PortSpec spec)
    {
        var isSecured = spec.PortSecurity ?? true;
        if (isSecured && spec.UnknownAddresses is true)
        {
            yield return new("#/spec/unknownAddresses", "is allowed only without port security; set portSecurity to false");
        }

        var allowed = spec.AllowedAddresses ?? [];
        if (!isSecured && allowed.Count > 0)
        {
            yield return new("#/spec/allowedAddresses", "is allowed only with port security: without it, all addresses are allowed");
        }

        for (var i = 0; i < allowed.Count; i++)
        {
            if (allowed.Take(i).Contains(allowed[i]))
            {
                yield return new($"#/spec/allowedAddresses/{i}", $"{allowed[i]} is in the list twice");
            }
        }
    }

    /// <summary>Returns the claims of the names that every port needs: port, device and namespace, in this order.</summary>
    /// <param name="present">The stored port; null if it is new.</param>
    /// <param name="former">The previous incarnation, for a new port; null if there is none.</param>
    /// <param name="name">Name of the resource, preferred for the device and the namespace.</param>
    /// <param name="defaultPort">Preferred name of the logical switch port.</param>
    public static List<Claim> Claims(PortSpec spec, LogicalPort? present, LogicalPort? former, string name, string defaultPort) =>
        [
            new(NameScope.Port, "portName", spec.PortName, present?.PortName, former?.PortName, defaultPort),
            new(NameScope.Device, "interface", spec.Interface, present?.Interface, former?.Interface, name),
            new(NameScope.Namespace, "namespace", spec.Namespace, present?.Namespace, former?.Namespace, name),
        ];

    /// <summary>
    /// Sets the values that follow from the spec, the network and the claimed names. A port with another name or switch needs a new row in
    /// the NB, because a row cannot be moved to another switch.
    /// </summary>
    /// <param name="names">Claimed names in the order of <see cref="Claims"/>.</param>
    /// <param name="isStored">False for a new port.</param>
    public static void Apply(LogicalPort port, PortSpec spec, Network network, IReadOnlyList<string> names, bool isStored)
    {
        if (isStored && (port.PortName != names[0] || port.NetworkId != network.Id))
        {
            port.PortUuid = Guid.NewGuid();
        }

        port.NetworkId = network.Id;
        (port.PortName, port.Interface, port.Namespace) = (names[0], names[1], names[2]);
        port.Addressing = spec.Addressing ?? NetworkRules.DefaultAddressing(network);
        port.Workload = spec.Workload ?? Workload.Namespace;
        port.Enabled = spec.Enabled ?? true;
        port.PortSecurity = spec.PortSecurity ?? true;
        port.AllowedAddresses = spec.AllowedAddresses?.Select(address => address.ToString()).ToArray() ?? [];
        port.UnknownAddresses = spec.UnknownAddresses ?? false;
        port.Hostname = spec.Hostname;
    }
}
