using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Keeps switches, routers and router ports of ours that carry what other clients have added, such as ports, NAT rules or ACLs: it would be
/// lost with the row. An admin can force the deletion.
/// </summary>
internal static class SharedRows
{
    private static readonly Dictionary<string, (string One, string Many)> Nouns = new()
    {
        ["ports"] = ("port", "ports"),
        ["acls"] = ("ACL", "ACLs"),
        ["qos_rules"] = ("QoS rule", "QoS rules"),
        ["load_balancer"] = ("load balancer", "load balancers"),
        ["load_balancer_group"] = ("load balancer group", "load balancer groups"),
        ["dns_records"] = ("DNS record set", "DNS record sets"),
        ["forwarding_groups"] = ("forwarding group", "forwarding groups"),
        ["copp"] = ("control plane protection", "control plane protections"),
        ["nat"] = ("NAT rule", "NAT rules"),
        ["static_routes"] = ("static route", "static routes"),
        ["policies"] = ("routing policy", "routing policies"),
        ["gateway_chassis"] = ("gateway chassis", "gateway chassis"),
        ["ha_chassis_group"] = ("HA chassis group", "HA chassis groups"),
        ["dhcp_relay"] = ("DHCP relay", "DHCP relays"),
    };

    /// <summary>Returns the plans without the deletion of rows that carry something, and with guards of the others.</summary>
    public static List<ResourcePlan> Keep(
        List<ResourcePlan> plans,
        IReadOnlyList<WantedResource> wanted,
        ILookup<OwnerRef, ActualRow> actual
    )
    {
        var forced = wanted.Where(resource => resource.IsForced).Select(resource => resource.Owner).ToHashSet();
        // Router ports first: a router with a port that is kept is kept as well.
        var kept = plans.ConvertAll(plan => WithoutRouterPorts(plan, Shared(plan, port => port.Ref.Table == Tables.RouterPort, [])));
        var detached = kept.SelectMany(plan => plan.Detach).ToHashSet();
        return kept.ConvertAll(plan =>
            WithGuards(WithoutDeletes(plan, Shared(plan, row => plan.Deletes.Contains(row.Ref), detached)), actual[plan.Owner], forced)
        );

        List<(ActualRow Row, string Content)> Shared(ResourcePlan plan, Func<ActualRow, bool> isAffected, HashSet<Membership> leaving) =>
            plan.Removed.Count == 0 || forced.Contains(plan.Owner)
                ? []
                :
                [
                    .. actual[plan.Owner]
                        .Where(row => plan.Removed.Contains(row.Ref) && isAffected(row))
                        .Select(row => (row, ContentOf(row, leaving)))
                        .Where(pair => pair.Item2.Length > 0),
                ];
    }

    private static ResourcePlan WithoutRouterPorts(ResourcePlan plan, List<(ActualRow Row, string Content)> shared)
    {
        if (shared.Count == 0)
        {
            return plan;
        }

        var ports = shared.Select(pair => pair.Row.Ref.Uuid).ToHashSet();
        return Without(plan, shared, [.. shared.Select(pair => pair.Row.Ref)]) with
        {
            Detach = [.. plan.Detach.Where(port => !ports.Contains(port.Child))],
        };
    }

    /// <summary>Keeps all rows of root tables: ports of other clients on a switch that is kept may use its DHCP options.</summary>
    private static ResourcePlan WithoutDeletes(ResourcePlan plan, List<(ActualRow Row, string Content)> shared) =>
        shared.Count == 0 ? plan : Without(plan, shared, [.. plan.Deletes]) with { Deletes = [] };

    private static ResourcePlan Without(ResourcePlan plan, List<(ActualRow Row, string Content)> shared, HashSet<RowRef> kept)
    {
        var rows = string.Join(", and ", shared.Select(pair => $"{pair.Row} carries {pair.Content}"));
        var end = plan.HasRows ? "" : ", or until an admin forces the deletion (?force=true)";
        var message = $"{rows} that this service did not create. It is kept until they are removed{end}.";
        return plan with
        {
            Removed = [.. plan.Removed.Where(row => !kept.Contains(row))],
            Doubts = [.. plan.Doubts.Where(doubt => !kept.Contains(doubt.Row))],
            Obstacle = Obstacle.Rejected(plan.Obstacle is { } earlier ? $"{earlier.Message} {message}" : message),
        };
    }

    /// <summary>Returns what the row carries, as the part of a sentence; an empty text if nothing.</summary>
    /// <param name="leaving">Ports that are removed together with the row.</param>
    private static string ContentOf(ActualRow row, HashSet<Membership> leaving)
    {
        var parts = new List<string>();
        foreach (var column in Tables.ContentOf(row.Ref.Table).Prepend("ports"))
        {
            var count = row.Row[column].AsSet().Count(entry => column != "ports" || !leaving.Contains(new(row.Ref, entry.AsUuid())));
            if (count > 0)
            {
                parts.Add($"{count} {(count == 1 ? Nouns[column].One : Nouns[column].Many)}");
            }
        }

        return parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";
    }

    private static ResourcePlan WithGuards(ResourcePlan plan, IEnumerable<ActualRow> rows, HashSet<OwnerRef> forced) =>
        plan.Removed.Count == 0 || forced.Contains(plan.Owner)
            ? plan
            : plan with
            {
                Guards = [.. rows.Where(row => plan.Removed.Contains(row.Ref)).SelectMany(GuardOf)],
            };

    /// <summary>Returns a check that the row carries nothing; none for a row that cannot carry anything.</summary>
    private static IEnumerable<Op> GuardOf(ActualRow row)
    {
        List<string> columns = [.. Tables.ContentOf(row.Ref.Table).Where(column => row.Row.TryGet(column, out _))];
        if (row.Ref.Table is Tables.Switch or Tables.Router)
        {
            columns.Add("ports");
        }

        if (columns.Count > 0)
        {
            var empty = columns.ToDictionary(column => column, _ => OvsdbValue.Empty);
            yield return Op.Wait(row.Ref.Table, [Where.Uuid(row.Ref.Uuid)], columns, "==", [empty]);
        }
    }
}
