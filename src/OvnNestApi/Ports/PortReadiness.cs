using Npgsql;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>Conditions of VMs or containers: what both have in common.</summary>
internal abstract class PortReadiness<T>(string kind) : KindReadiness<T>(kind)
    where T : LogicalPort
{
    /// <summary>Column <c>former_host</c>: name of a host that has not confirmed the removal of the VM <c>v</c>; null if none.</summary>
    protected const string FormerHost = """
        (SELECT x.name FROM placements o JOIN hosts x ON x.id = o.host_id WHERE o.vm_id = v.id AND o.host_id IS DISTINCT FROM v.host_id
            LIMIT 1) AS former_host
        """;

    /// <summary>Reads the facts that are in columns of the same name for VMs and containers.</summary>
    protected static PortFacts Facts(T port, Network network, NpgsqlDataReader row) =>
        PortFacts.Of(port) with
        {
            WaitsFor = port is { InNorthbound: true, DeletingSince: not null } ? "the northbound database" : row.Text("waits_for"),
            IsReplacing = row.Flag("replacing"),
            FormerHost = row.Text("former_host"),
            Host = row.Text("host"),
            HostError = row.Text("error"),
            IsUp = port.Up,
            Mtu = network.Mtu,
            TunnelMtu = row.Number("tunnel_mtu"),
            IsEnabled = port.Enabled,
        };
}
