using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>Networks as the API has them.</summary>
internal sealed class NetworkKind : ResourceKind<Network, NetworkSpec, NetworkBody, NetworkView>
{
    public override string Name => "network";

    public override string Plural => "networks";

    public override string Example =>
        """{"name":"dmz","spec":{"subnet":"172.16.255.128/26","gateway":"172.16.255.129","gatewayMac":"02:ac:10:ff:01:29","router":"tenant1"}}""";

    public override IReadOnlyList<QueryParameter> Filters => [new("router", "Only networks that join this router.")];

    public override ResourceWrite<Network, NetworkSpec> Write(NestDb db, ResourcePath path) => new NetworkWrite(db, path.Name);

    public override Task<Problem?> DeleteAsync(Deletion deletion, ResourcePath path, CancellationToken cancellationToken) =>
        deletion.OfNetworkAsync(path.Name, cancellationToken);

    public override async Task<List<NetworkView>> ViewAsync(
        NestDb db,
        Liveness liveness,
        IQueryable<Network> which,
        CancellationToken cancellationToken
    )
    {
        var rows = await which
            .AsNoTracking()
            .Select(network => new
            {
                Network = network,
                Router = db.Routers.Where(router => router.Id == network.RouterId).Select(router => router.Name).FirstOrDefault(),
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(row.Network, row.Router, liveness.Of(row.Network)));
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
                    network.Reserved
                ),
                Northbound = new(network.InNorthbound, network.Rejection),
            },
        };
}

/// <summary>A network.</summary>
public sealed record NetworkView : ResourceView<NetworkSpec, NetworkStatus>;

/// <summary>What is of a network.</summary>
public sealed record NetworkStatus : ResourceStatus
{
    /// <summary>The values in effect.</summary>
    public required NetworkEffective Effective { get; init; }

    /// <summary>What the northbound database has.</summary>
    public required NorthboundStatus Northbound { get; init; }
}

/// <summary>A network's values in effect.</summary>
/// <param name="Subnet">The subnet; absent: none.</param>
/// <param name="Gateway">The gateway's address; absent: none.</param>
/// <param name="GatewayMac">The gateway's MAC address; absent: none.</param>
/// <param name="Router">The router that it joins; absent: none.</param>
/// <param name="Switch">The logical switch.</param>
/// <param name="Dhcp">What OVN's DHCP server tells.</param>
/// <param name="Mtu">The MTU in bytes.</param>
/// <param name="Reserved">Addresses that are not handed out unasked.</param>
public sealed record NetworkEffective(
    Cidr? Subnet,
    Ipv4? Gateway,
    MacAddress? GatewayMac,
    string? Router,
    SwitchEffective Switch,
    DhcpEffective Dhcp,
    int Mtu,
    IReadOnlyList<string> Reserved
);

/// <summary>The logical switch in effect.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Existing">It was made by others.</param>
public sealed record SwitchEffective(string Name, bool Existing);

/// <summary>DHCP in effect.</summary>
/// <param name="Enabled">OVN answers DHCP.</param>
/// <param name="LeaseTime">In seconds.</param>
/// <param name="DnsServers">DNS servers told.</param>
/// <param name="DomainName">The domain name told; absent: none.</param>
public sealed record DhcpEffective(bool Enabled, int LeaseTime, IReadOnlyList<string> DnsServers, string? DomainName);

/// <summary>What the northbound database has of an object, as of the last pass.</summary>
/// <param name="Present">The object's rows stand.</param>
/// <param name="Error">The server's words when it refused them; absent: it did not.</param>
public sealed record NorthboundStatus(bool Present, string? Error);
