using System.Globalization;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>Defines which rows and columns of the NB are replicated, and the indexes of the replica.</summary>
public static class NorthboundMonitor
{
    private const string ByOwner = "owner:";
    private const string ByTag = "tag";
    private const string ByTagRequest = "tag_request";
    private const string BySwitchName = "switch";
    private const string ByRouterName = "router";
    private const string ByCidr = "cidr";

    /// <summary>
    /// Tables to replicate: our rows, all nested ports, and all rows that a user can refer to; only the columns that are written or read.
    /// </summary>
    public static IReadOnlyList<MonitoredTable> Tables(Ownership ownership)
    {
        var ours = Where.Includes("external_ids", OvsdbValue.Map([new(Ownership.InstanceKey, ownership.Instance)]));
        return
        [
            new(Northbound.Tables.Global, ["nb_cfg", "hv_cfg", "external_ids"]),
            .. Northbound.Tables.Marked.Select(table => new MonitoredTable(
                table.Name,
                [.. table.Columns, .. table.Content, "external_ids"],
                table.Foreign is null ? null : [ours, .. table.Foreign]
            )),
        ];
    }

    /// <summary>The same tables and columns, but the rows of all clients.</summary>
    public static IReadOnlyList<MonitoredTable> AllRows() =>
        [
            .. Northbound.Tables.Marked.Select(table => new MonitoredTable(
                table.Name,
                [.. table.Columns, "external_ids", .. table.Name == Northbound.Tables.Switch ? ["other_config"] : Array.Empty<string>()]
            )),
        ];

    /// <summary>Indexes: rows by owner, nested ports by parent and tag, switches and routers by name, DHCP options by subnet.</summary>
    public static IReadOnlyList<ReplicaIndex> Indexes(Ownership ownership) =>
        [
            .. Northbound.Tables.Marked.Select(table => new ReplicaIndex(ByOwner + table.Name, table.Name, row =>
                ownership.OwnerOf(row)?.Id.ToString()
            )),
            new(ByTag, Northbound.Tables.SwitchPort, row => Nested(row, "tag")),
            new(ByTagRequest, Northbound.Tables.SwitchPort, row => Nested(row, "tag_request")),
            ReplicaIndex.ByColumn(BySwitchName, Northbound.Tables.Switch, "name"),
            ReplicaIndex.ByColumn(ByRouterName, Northbound.Tables.Router, "name"),
            ReplicaIndex.ByColumn(ByCidr, Northbound.Tables.Dhcp, "cidr"),
        ];

    /// <summary>Returns the rows of a table that have the owner mark of this resource.</summary>
    public static IReadOnlyCollection<Row> OfResource(this ReplicaSnapshot replica, string table, Guid id) =>
        replica.ByIndex(ByOwner + table, id.ToString());

    /// <summary>Returns the ids in the owner marks of all our rows of a table.</summary>
    public static IEnumerable<Guid> MarkedIds(this ReplicaSnapshot replica, string table) =>
        replica.IndexKeys(ByOwner + table).Select(Guid.Parse);

    /// <summary>Returns the child ports of a parent with this tag in <c>tag</c> or <c>tag_request</c>.</summary>
    public static IEnumerable<Row> WithTag(this ReplicaSnapshot replica, string parent, int tag)
    {
        var key = Nested(parent, tag);
        return replica.ByIndex(ByTagRequest, key).Concat(replica.ByIndex(ByTag, key)).DistinctBy(row => row.Uuid);
    }

    /// <summary>Returns the tags in <c>tag</c> and <c>tag_request</c> of a child port, each once.</summary>
    public static IEnumerable<int> Tags(this Row child) =>
        new[] { child["tag"], child["tag_request"] }.Select(tag => (int?)tag.AsOptionalInteger()).OfType<int>().Distinct();

    /// <summary>Returns the logical switches with this name; names are not unique in the NB.</summary>
    public static IReadOnlyCollection<Row> SwitchesNamed(this ReplicaSnapshot replica, string name) => replica.ByIndex(BySwitchName, name);

    /// <summary>Returns the logical routers with this name; names are not unique in the NB.</summary>
    public static IReadOnlyCollection<Row> RoutersNamed(this ReplicaSnapshot replica, string name) => replica.ByIndex(ByRouterName, name);

    /// <summary>Returns the DHCP_Options rows with this subnet.</summary>
    public static IReadOnlyCollection<Row> DhcpOf(this ReplicaSnapshot replica, string cidr) => replica.ByIndex(ByCidr, cidr);

    private static string? Nested(Row row, string column) =>
        row["parent_name"].AsOptionalString() is { } parent && row[column].AsOptionalInteger() is { } tag ? Nested(parent, tag) : null;

    private static string Nested(string parent, long tag) => string.Create(CultureInfo.InvariantCulture, $"{tag} {parent}");
}
