using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>The kind "network": its views, filters and operations.</summary>
internal sealed class NetworkKind : ResourceKind<Network, NetworkSpec, NetworkBody, NetworkView>
{
    public override string Name => "network";

    public override string Plural => "networks";

    public override string TagDescription => "Logical switches with their subnet, DHCP options and gateway.";

    public override string Example =>
        """
            {
              "name": "dmz",
              "spec": {
                "subnet": "172.16.255.128/26",
                "gateway": "172.16.255.129",
                "gatewayMac": "02:ac:10:ff:01:29",
                "router": "tenant1"
              }
            }
            """;

    public override IReadOnlyList<QueryParameter> Filters =>
        [new("router", "Only networks that are connected to this router. The list is empty if the router does not exist.")];

    public override ReconciledKind? Reconciled => new ReconciledNetwork();

    public override KindRemoval Removal =>
        new(
            "network",
            "networks",
            """
            NOT EXISTS (SELECT FROM vms v WHERE v.network_id = x.id)
                AND NOT EXISTS (SELECT FROM containers c WHERE c.network_id = x.id)
                AND NOT EXISTS (SELECT FROM addresses a WHERE a.network_id = x.id AND a.owner_id IS NOT NULL)
            """
        )
        {
            MarkSuccessors = NetworkMarks.OfNetworks,
        };

    public override Task<bool> ForceAsync(Settlement settlement, NestDb db, Guid id, CancellationToken cancellationToken) =>
        db.ForceDeletionAsync("networks", id, cancellationToken);

    public override KindWrite Begin(ResourceWrite write) => new NetworkWrite(write, this);

    public override async Task<IReadOnlyList<DeletionEntry>> LockDependentsAsync(
        NestDb db,
        DeletionSet set,
        CancellationToken cancellationToken
    )
    {
        var routers = set.Ids("router");
        var rows =
            routers.Length == 0
                ? []
                : await db.SelectAsync<Network>(
                    "WHERE router_id = ANY(@routers) AND deleting_since IS NULL ORDER BY id FOR UPDATE",
                    cancellationToken,
                    ("routers", routers)
                );
        return rows.ConvertAll(row => new DeletionEntry(this, null, row));
    }

    public override Task FollowDeletionAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken) =>
        db.MarkRoutersOfAsync(ids, cancellationToken);

    protected override ViewQuery<NetworkView> Views(NestDb db, Liveness liveness)
    {
        var networks = db.EntityTable<Network>();
        return new($"SELECT {networks.Columns("r")}, o.name AS router FROM networks r LEFT JOIN routers o ON o.id = r.router_id", row =>
        {
            var network = networks.Read(row);
            return View(network, row.Text("router"), liveness.Of(network, host: null));
        });
    }

    protected override IQueryable<Network> Filter(NestDb db, IQueryable<Network> all, Query query, string? vm) =>
        query.Name("router") is { } router
            ? all.Where(network => db.Routers.Any(one => one.Id == network.RouterId && one.Name == router))
            : all;

    private static NetworkView View(Network network, string? router, Condition condition) =>
        new()
        {
            Name = network.Name,
            Description = network.Description,
            Labels = network.Labels,
            Spec = new(network.Spec),
            Metadata = Metadata.Of(network, "network"),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new(
                    network.Subnet,
                    network.Gateway,
                    network.GatewayMac,
                    router,
                    new(network.SwitchName, network.SwitchExisting),
                    new(network.DhcpEnabled, network.DhcpLeaseTime, network.DnsServers, network.DomainName),
                    network.Mtu,
                    network.Reserved,
                    network.RouterPortName,
                    network.SwitchRouterPortName
                ),
                Northbound = new(network.InNorthbound, network.Rejection),
            },
        };
}

/// <summary>A network in a response.</summary>
public sealed record NetworkView : ResourceView<NetworkSpec, NetworkStatus>;

/// <summary>Observed state of a network.</summary>
public sealed record NetworkStatus : ResourceStatus
{
    /// <summary>Effective values, after defaults.</summary>
    public required NetworkEffective Effective { get; init; }

    /// <summary>State of the network in the northbound database.</summary>
    public required NorthboundStatus Northbound { get; init; }
}

/// <summary>Effective values of a network.</summary>
/// <param name="Subnet">IPv4 subnet; absent if there is none.</param>
/// <param name="Gateway">IPv4 address of the gateway; absent if there is none.</param>
/// <param name="GatewayMac">MAC address of the gateway; absent if there is none.</param>
/// <param name="Router">Name of the router that the network is connected to; absent if there is none.</param>
/// <param name="Switch">Logical switch of the network.</param>
/// <param name="Dhcp">DHCP settings.</param>
/// <param name="Mtu">MTU in bytes.</param>
/// <param name="Reserved">Addresses and address ranges that no port can have.</param>
/// <param name="RouterPort">Name of the logical router port; absent if the network is not connected to a router.</param>
/// <param name="RouterSwitchPort">
/// Name of the logical switch port that is connected to the router port; absent if the network is not connected to a router.
/// </param>
public sealed record NetworkEffective(
    Cidr? Subnet,
    Ipv4? Gateway,
    MacAddress? GatewayMac,
    string? Router,
    SwitchEffective Switch,
    DhcpEffective Dhcp,
    int Mtu,
    IReadOnlyList<string> Reserved,
    string? RouterPort,
    string? RouterSwitchPort
);

/// <summary>Logical switch of a network.</summary>
/// <param name="Name">Name of the logical switch.</param>
/// <param name="Existing">True if another system created the logical switch. The service then adds and removes only its own ports.</param>
public sealed record SwitchEffective(string Name, bool Existing);

/// <summary>Effective DHCP settings of a network.</summary>
/// <param name="Enabled">True if OVN answers DHCP requests.</param>
/// <param name="LeaseTime">DHCP lease time in seconds.</param>
/// <param name="DnsServers">IPv4 addresses of the DNS servers.</param>
/// <param name="DomainName">Domain name that DHCP sends; absent if there is none.</param>
public sealed record DhcpEffective(bool Enabled, int LeaseTime, IReadOnlyList<string> DnsServers, string? DomainName);

/// <summary>State of a resource in the northbound database, as of the last pass of the reconciler.</summary>
/// <param name="Present">True if the northbound database contains rows of the resource.</param>
/// <param name="Error">Why the last pass could not write the rows; absent if it could.</param>
public sealed record NorthboundStatus(bool Present, string? Error);
