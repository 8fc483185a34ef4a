using Npgsql;
using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>Networks in a pass of the reconciler.</summary>
internal sealed class ReconciledNetwork() : ReconciledKind<Network>(OwnerKind.Network, "networks")
{
    // With the networks of the ports, see PassRecords.LockAsync.
    public override string IsLocked =>
        """
            id = ANY(@ids) OR id IN (SELECT network_id FROM vms WHERE id = ANY(@ids))
                OR id IN (SELECT network_id FROM containers WHERE id = ANY(@ids) OR vm_id = ANY(@ids))
            """;

    public override string IsDependent => "router_id = ANY(@ids)";

    public override string UsesForeign => "router_id IN (SELECT id FROM routers WHERE existing_name = ANY(@names))";

    protected override DesiredRow Create(Network network, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            new DesiredNetwork
            {
                Id = network.Id,
                Name = network.Name,
                IsWanted = isWanted,
                SwitchName = network.SwitchName,
                SwitchExisting = network.SwitchExisting,
                SwitchUuid = network.SwitchUuid,
                DhcpUuid = network.DhcpUuid,
                RouterPortName = network.RouterPortName,
                SwitchRouterPortName = network.SwitchRouterPortName,
                RouterPortUuid = network.RouterPortUuid,
                SwitchRouterPortUuid = network.SwitchRouterPortUuid,
                Subnet = network.Subnet,
                Gateway = network.Gateway,
                GatewayMac = network.GatewayMac,
                RouterId = network.RouterId,
                DhcpEnabled = network.DhcpEnabled,
                DhcpLeaseTime = network.DhcpLeaseTime,
                DhcpOptionsId = network.DhcpOptionsId,
                DnsServers = network.DnsServers,
                DomainName = network.DomainName,
                Mtu = network.Mtu,
                IsForced = network.DeletionForced,
            },
            RecordedState.Of(network)
        );
}
