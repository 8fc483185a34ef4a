using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Plans;

/// <summary>DHCP options of others that ports of existing switches use.</summary>
internal static class UsedDhcp
{
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Reads which of the DHCP options that networks on existing switches could use are used by ports that this service did not create.
    /// Costs a request to the server only if there are such DHCP options.
    /// </summary>
    /// <returns>A function that returns the UUIDs of the DHCP_Options rows that such ports of a switch use.</returns>
    public static async Task<Func<Guid, IReadOnlySet<Guid>>> ReadAsync(
        NorthboundReplica replica,
        Ownership ownership,
        IEnumerable<DesiredNetwork> networks,
        CancellationToken cancellationToken
    )
    {
        var candidates = networks
            .Where(network => network is { SwitchExisting: true, IsWanted: true, DhcpEnabled: true, DhcpOptionsId: null })
            .Select(network => network.Subnet?.ToString())
            .OfType<string>()
            .SelectMany(subnet => replica.Snapshot.DhcpOf(subnet))
            .Where(row => ownership.OwnerOf(row) is null)
            .Select(row => row.Uuid)
            .Distinct()
            .ToList();
        var users = await UsersAsync(replica.Client, candidates, cancellationToken);
        return used =>
        {
            var ports = replica.Snapshot.Find(Tables.Switch, used)?["ports"].AsSet().Select(port => port.AsUuid()).ToHashSet() ?? [];
            return candidates.Where(dhcp => users[dhcp].Any(port => ports.Contains(port) && !IsOurs(port))).ToHashSet();
        };

        bool IsOurs(Guid port) => replica.Snapshot.Find(Tables.SwitchPort, port) is { } row && ownership.OwnerOf(row) is not null;
    }

    /// <summary>Returns the switch ports that use each DHCP_Options row; none if the server does not answer in time.</summary>
    private static async Task<ILookup<Guid, Guid>> UsersAsync(
        OvsdbClient client,
        List<Guid> candidates,
        CancellationToken cancellationToken
    )
    {
        if (candidates.Count == 0)
        {
            return Array.Empty<Guid>().ToLookup(dhcp => dhcp);
        }

        var selects = candidates.Select(dhcp => Op.Select(Tables.SwitchPort, [Where.Equal("dhcpv4_options", dhcp)], ["_uuid"]));
        try
        {
            var outcome = await client.TransactAsync([.. selects], cancellationToken).WaitAsync(LongestRead, cancellationToken);
            var results = outcome is Committed committed ? committed.Results : [];
            return candidates
                .Zip(results, (dhcp, result) => (dhcp, result.Rows))
                .SelectMany(pair => pair.Rows.Select(row => (pair.dhcp, row.Uuid)))
                .ToLookup(pair => pair.dhcp, pair => pair.Uuid);
        }
        catch (Exception e) when (e is OvsdbNotConnectedException or TimeoutException)
        {
            return Array.Empty<Guid>().ToLookup(dhcp => dhcp);
        }
    }
}
