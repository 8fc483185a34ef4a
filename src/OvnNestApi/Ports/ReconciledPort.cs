using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>VMs or containers in a pass of the reconciler: what both have in common.</summary>
internal abstract class ReconciledPort<T>(OwnerKind kind, string table) : ReconciledKind<T>(kind, table)
    where T : LogicalPort
{
    /// <summary>Returns the desired port, with the values that VMs and containers have.</summary>
    protected static DesiredPort Port(T port, bool isWanted) =>
        new()
        {
            Id = port.Id,
            Name = port.Name,
            IsWanted = isWanted,
            NetworkId = port.NetworkId,
            PortName = port.PortName,
            PortUuid = port.PortUuid,
            Mac = port.Mac,
            Ip = port.Ip,
            Enabled = port.Enabled,
            PortSecurity = port.PortSecurity,
            AllowedAddresses = [.. port.AllowedAddresses.Select(AllowedAddress.Parse)],
            UnknownAddresses = port.UnknownAddresses,
            Hostname = port.Hostname,
        };
}
