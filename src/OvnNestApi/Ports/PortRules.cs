using OvnNestApi.Allocation;
using OvnNestApi.Contracts;
using OvnNestApi.Networks;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>What a VM's port and a container's have in common. Pure.</summary>
internal static class PortRules
{
    /// <summary>Fields of a port's body that ask for its addresses.</summary>
    public static AddressPointers AddressPointers => new("#/spec/ip", "#/spec/mac");

    /// <summary>The names that every port needs. The first is the port's, then device and namespace.</summary>
    public static List<Claim> Claims(PortSpec spec, LogicalPort? present, LogicalPort? former, string name, string defaultPort) =>
        [
            new(NameScope.Port, "portName", spec.PortName, present?.PortName, former?.PortName, defaultPort),
            new(NameScope.Device, "interface", spec.Interface, present?.Interface, former?.Interface, name),
            new(NameScope.Namespace, "namespace", spec.Namespace, present?.Namespace, former?.Namespace, name),
        ];

    /// <summary>
    /// Sets what is decided without asking anybody. A row of the NB cannot change its name's switch in place: then it is another row.
    /// </summary>
    public static void Apply(LogicalPort port, PortSpec spec, Network network, IReadOnlyList<string> names, bool isStored)
    {
        if (isStored && (port.PortName != names[0] || port.NetworkId != network.Id))
        {
            port.PortUuid = Guid.NewGuid();
        }

        port.NetworkId = network.Id;
        (port.PortName, port.Interface, port.Namespace) = (names[0], names[1], names[2]);
        port.Addressing = spec.Addressing ?? NetworkRules.Addressing(network);
        port.Workload = spec.Workload ?? Workload.Namespace;
        port.Enabled = spec.Enabled ?? true;
        port.PortSecurity = spec.PortSecurity ?? true;
    }
}
