using System.Globalization;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>What the copy of the NB holds, and how it is searched.</summary>
public static class NorthboundMonitor
{
    private const string ByObject = "object:";
    private const string ByTag = "tag";
    private const string ByTagRequest = "tag_request";
    private const string BySwitchName = "switch";
    private const string ByCidr = "cidr";

    /// <summary>Our rows, every port that has a parent, and whatever a user may name; only the columns that are written or read.</summary>
    public static IReadOnlyList<MonitoredTable> Tables(Ownership ownership)
    {
        var ours = Where.Includes("external_ids", OvsdbValue.Map([new(Ownership.InstanceKey, ownership.Instance)]));
        return
        [
            new(Northbound.Tables.Global, ["nb_cfg", "hv_cfg", "external_ids"]),
            new(Northbound.Tables.Switch, ["name", "ports", "external_ids"]),
            new(Northbound.Tables.Router, ["name", "ports", "external_ids"], [ours]),
            new(Northbound.Tables.RouterPort, ["name", "mac", "networks", "external_ids"], [ours]),
            new(Northbound.Tables.Dhcp, ["cidr", "options", "external_ids"]),
            new(
                Northbound.Tables.SwitchPort,
                [
                    "name",
                    "type",
                    "addresses",
                    "port_security",
                    "enabled",
                    "dhcpv4_options",
                    "parent_name",
                    "tag_request",
                    "tag",
                    "options",
                    "up",
                    "external_ids",
                ],
                [ours, new("parent_name", "!=", OvsdbValue.Empty)]
            ),
        ];
    }

    /// <summary>By the object whose mark a row bears; ports by parent and tag; what users name by that name.</summary>
    public static IReadOnlyList<ReplicaIndex> Indexes(Ownership ownership) =>
        [
            .. Northbound.Tables.Marked.Select(table => new ReplicaIndex(ByObject + table, table, row =>
                ownership.OwnerOf(row)?.Id.ToString()
            )),
            new(ByTag, Northbound.Tables.SwitchPort, row => Nested(row, "tag")),
            new(ByTagRequest, Northbound.Tables.SwitchPort, row => Nested(row, "tag_request")),
            ReplicaIndex.ByColumn(BySwitchName, Northbound.Tables.Switch, "name"),
            ReplicaIndex.ByColumn(ByCidr, Northbound.Tables.Dhcp, "cidr"),
        ];

    /// <summary>The rows of one table that bear the object's mark.</summary>
    public static IReadOnlyCollection<Row> OfObject(this ReplicaSnapshot copy, string table, Guid id) =>
        copy.ByIndex(ByObject + table, id.ToString());

    /// <summary>Every id that a row of the table bears as mark of ours.</summary>
    public static IEnumerable<Guid> MarkedIds(this ReplicaSnapshot copy, string table) =>
        copy.IndexKeys(ByObject + table).Select(Guid.Parse);

    /// <summary>The ports below a parent that bear a tag, or ask for it.</summary>
    public static IEnumerable<Row> WithTag(this ReplicaSnapshot copy, string parent, int tag)
    {
        var key = Nested(parent, tag);
        return copy.ByIndex(ByTagRequest, key).Concat(copy.ByIndex(ByTag, key)).DistinctBy(row => row.Uuid);
    }

    /// <summary>The logical switches of a name, which the NB does not keep unique.</summary>
    public static IReadOnlyCollection<Row> SwitchesNamed(this ReplicaSnapshot copy, string name) => copy.ByIndex(BySwitchName, name);

    /// <summary>The DHCP rows of a subnet.</summary>
    public static IReadOnlyCollection<Row> DhcpOf(this ReplicaSnapshot copy, string cidr) => copy.ByIndex(ByCidr, cidr);

    private static string? Nested(Row row, string column) =>
        row["parent_name"].AsOptionalString() is { } parent && row[column].AsOptionalInteger() is { } tag ? Nested(parent, tag) : null;

    private static string Nested(string parent, long tag) => string.Create(CultureInfo.InvariantCulture, $"{tag} {parent}");
}
