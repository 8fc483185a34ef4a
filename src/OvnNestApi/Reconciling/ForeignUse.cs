using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Records in PostgreSQL the tags and addresses that others use, as the NB shows them, so that no allocation gives them out. Costs what has
/// changed in the NB; a full comparison records everything again.
/// </summary>
internal sealed class ForeignUse(NorthboundDb nb, ForeignPorts ports, Leadership leadership, Transactions transactions, Signals signals)
{
    private const string OfNetworks = """
        SELECT id FROM vms WHERE network_id = ANY(@networks) UNION ALL SELECT id FROM containers WHERE network_id = ANY(@networks)
        """;

    // Foreign ports with an address that a port of ours has: it is recorded as soon as that port gives it up.
    private HashSet<Guid> _unrecorded = [];

    /// <summary>Returns true if there is something to record, even if no resource has to be compared.</summary>
    public bool HasNews(NorthboundDrift drift) => ports.HasNews || _unrecorded.Count > 0 || drift.ForeignTags.Count > 0;

    /// <summary>Records what has changed.</summary>
    /// <param name="known">Ids of all resources if the pass compares all; else null.</param>
    /// <returns>
    /// Ids of resources to compare: ports of ours with an address of a foreign port, and networks that have to use other rows, with their
    /// ports.
    /// </returns>
    /// <exception cref="DeposedException">Another process is the leader; nothing was recorded.</exception>
    public async Task<HashSet<Guid>> RecordAsync(
        NestDb db,
        Term term,
        NorthboundDrift drift,
        IReadOnlySet<Guid>? known,
        CancellationToken cancellationToken
    )
    {
        var (changed, replanned) = (ports.TakeChanged(), ports.TakeReplanned());
        try
        {
            var concerned = await RecordAddressesAsync(db, term, known is null ? [.. changed, .. _unrecorded] : null, cancellationToken);
            await RecordTagsAsync(db, term, drift, known, cancellationToken);
            if (replanned.Count > 0)
            {
                concerned.UnionWith(replanned);
                (string, object?) networks = ("networks", replanned.ToArray());
                concerned.UnionWith(await db.QueryAsync(OfNetworks, row => row.GetGuid(0), cancellationToken, networks));
            }

            return concerned;
        }
        catch
        {
            ports.PutBack(changed, replanned);
            throw;
        }
    }

    /// <summary>Records the addresses again that ports of ours had, after they were given up in the transaction of the caller.</summary>
    public Task RecordUnrecordedAsync(NestDb db, CancellationToken cancellationToken) =>
        ForeignAddresses.RecordAsync(db, _unrecorded, [], Used(_unrecorded), cancellationToken);

    /// <summary>Returns the tag of a child port as it is recorded.</summary>
    public static UsedTag Used(string parent, int tag, Row child) => new(parent, tag, NameOf(child));

    /// <summary>Returns a port of others in words, as <see cref="VlanLease.UsedBy"/>.</summary>
    public static string NameOf(Row port) => $"port {port["name"].AsOptionalString()} ({port.Uuid}) in the northbound database";

    private async Task<HashSet<Guid>> RecordAddressesAsync(
        NestDb db,
        Term term,
        HashSet<Guid>? changed,
        CancellationToken cancellationToken
    )
    {
        if (changed is { Count: 0 })
        {
            return [];
        }

        var used = Used(changed ?? ports.All);
        var answer = await transactions.RunAsync<List<(Guid Owner, Guid Port)>>(
            db,
            async token =>
            {
                var conflicts = await ForeignAddresses.RecordAsync(db, changed, ports.Unread, used, token);
                await leadership.ConfirmAsync(db, term, token);
                return conflicts;
            },
            cancellationToken
        );
        if (!answer.TryGet(out var found, out var problem))
        {
            throw new InvalidOperationException($"The addresses that others use could not be recorded: {problem.Detail}");
        }

        _unrecorded = [.. found.Select(conflict => conflict.Port)];
        return [.. found.Select(conflict => conflict.Owner)];
    }

    /// <summary>Returns the addresses of these ports in all networks of their switches, each address once.</summary>
    private List<UsedAddress> Used(IEnumerable<Guid> which)
    {
        var (macs, ips) = (new HashSet<(Guid, MacAddress)>(), new HashSet<(Guid, Ipv4)>());
        var used = new List<UsedAddress>();
        foreach (var (networks, port) in which.Select(ports.Find).OfType<(IEnumerable<DesiredNetwork> Networks, ForeignPort Port)>())
        {
            foreach (var network in networks)
            {
                foreach (var address in port.Addresses)
                {
                    MacAddress? mac = address.Mac is { } one && macs.Add((network.Id, one)) ? one : null;
                    Ipv4? ip = address.Ip is { } other && IsIn(network, other) && ips.Add((network.Id, other)) ? other : null;
                    if (mac is not null || ip is not null)
                    {
                        used.Add(new(network.Id, mac, ip, port.Uuid, port.Name));
                    }
                }
            }
        }

        return used;

        static bool IsIn(DesiredNetwork network, Ipv4 ip) => network.Subnet is { } subnet && subnet.IsHost(ip);
    }

    private async Task RecordTagsAsync(
        NestDb db,
        Term term,
        NorthboundDrift drift,
        IReadOnlySet<Guid>? known,
        CancellationToken cancellationToken
    )
    {
        var shown = known is null ? drift.ForeignTags.Select(ShownBy).OfType<UsedTag>().ToList() : AllShown(known);
        var leases = await ForeignTags.ReadAsync(db, known is null ? drift.ForeignTags : null, cancellationToken);
        var gone = leases.FindAll(lease => !nb.Replica.WithTag(lease.Parent, lease.Tag).Any()).ConvertAll(lease => lease.Lease);
        var back = leases.Where(lease => !gone.Contains(lease.Lease)).Select(lease => ShownBy((lease.Parent, lease.Tag))).OfType<UsedTag>();
        shown = [.. shown.Concat(back).DistinctBy(tag => (tag.Parent, tag.Tag))];
        long? barrier = null;
        if (gone.Count > 0 && nb.IsSynced)
        {
            (_, barrier) = await nb.TransactAsync([], counts: true, cancellationToken);
        }

        if (shown.Count > 0 || barrier is not null)
        {
            await StoreTagsAsync(db, term, shown, barrier is null ? [] : [.. gone], barrier ?? 0, cancellationToken);
        }
    }

    private async Task StoreTagsAsync(
        NestDb db,
        Term term,
        List<UsedTag> shown,
        Guid[] gone,
        long barrier,
        CancellationToken cancellationToken
    )
    {
        var problem = await transactions.RunAsync(
            db,
            async token =>
            {
                await ForeignTags.RecordAsync(db, shown, gone, barrier, token);
                await leadership.ConfirmAsync(db, term, token);
                return null;
            },
            cancellationToken
        );
        if (problem is not null)
        {
            throw new InvalidOperationException($"The tags that others use could not be recorded: {problem.Detail}");
        }

        signals.Written(db);
    }

    /// <summary>Returns the tags of all child ports without an owner mark, or whose owner is not known.</summary>
    private List<UsedTag> AllShown(IReadOnlySet<Guid> known) =>
        [
            .. from child in nb.Replica.Table(Tables.SwitchPort).Values
            let parent = child["parent_name"].AsOptionalString()
            where parent is not null && (nb.Ownership.OwnerOf(child)?.Id is not { } owner || !known.Contains(owner))
            from tag in child.Tags()
            select Used(parent, tag, child),
        ];

    private UsedTag? ShownBy((string Parent, int Tag) tag) =>
        nb.Replica.WithTag(tag.Parent, tag.Tag).FirstOrDefault(child => nb.Ownership.OwnerOf(child) is null) is { } child
            ? Used(tag.Parent, tag.Tag, child)
            : null;
}
