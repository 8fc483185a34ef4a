using Ovsdb;

namespace OvnNestApi.HostPlanning;

/// <summary>Converts rows of the Open_vSwitch database to records (ovs-vswitchd.conf.db(5)).</summary>
internal static class OvsRows
{
    /// <summary>Tables and columns that the agent monitors.</summary>
    public static IReadOnlyList<MonitoredTable> Monitored { get; } =
    [
        new("Open_vSwitch", ["bridges", "cur_cfg", "next_cfg", "external_ids"]),
        new("Bridge", ["name", "datapath_type", "external_ids", "ports"]),
        new("Port", ["name", "tag", "trunks", "vlan_mode", "external_ids", "interfaces"]),
        new("Interface", ["name", "type", "external_ids", "options", "mac", "mtu_request", "ofport", "error", "ifindex"]),
    ];

    /// <summary>Reads the whole state, starting at the root row.</summary>
    /// <param name="root">The only row of table Open_vSwitch.</param>
    /// <param name="find">Returns a row by table and UUID; null if it does not exist.</param>
    /// <param name="hasUnappliedChange">See <see cref="OvsState.HasUnappliedChange"/>.</param>
    public static OvsState Read(Row root, Func<string, Guid, Row?> find, bool hasUnappliedChange)
    {
        var ids = root["external_ids"].AsStringMap();
        return new OvsState(
            root.Uuid,
            ReadSystemId(root),
            ids.GetValueOrDefault("ovn-bridge-datapath-type"),
            new Encapsulation(ids.GetValueOrDefault("ovn-encap-type"), ids.GetValueOrDefault("ovn-encap-ip")),
            hasUnappliedChange,
            [.. Referenced(find, "Bridge", root["bridges"]).Select(row => ReadBridge(row, find))]
        );
    }

    /// <summary>Reads <c>external_ids:system-id</c> of the root row; null if it is not set.</summary>
    public static string? ReadSystemId(Row root) => root["external_ids"].AsStringMap().GetValueOrDefault("system-id");

    private static OvsBridge ReadBridge(Row row, Func<string, Guid, Row?> find) =>
        new(
            row.Uuid,
            row["name"].AsString(),
            row["datapath_type"].AsString(),
            row["external_ids"].AsStringMap(),
            [.. Referenced(find, "Port", row["ports"]).Select(port => ReadPort(port, find))]
        );

    private static OvsPort ReadPort(Row row, Func<string, Guid, Row?> find) =>
        new(
            row.Uuid,
            row["name"].AsString(),
            (int?)row["tag"].AsOptionalInteger(),
            row["trunks"].AsIntegerSet(),
            row["vlan_mode"].AsOptionalString(),
            row["external_ids"].AsStringMap(),
            [.. Referenced(find, "Interface", row["interfaces"]).Select(ReadInterface)]
        );

    private static OvsInterface ReadInterface(Row row) =>
        new(
            row.Uuid,
            row["name"].AsString(),
            row["type"].AsString(),
            row["external_ids"].AsStringMap(),
            row["options"].AsStringMap(),
            row["mac"].AsOptionalString(),
            row["mtu_request"].AsOptionalInteger(),
            row["ofport"].AsOptionalInteger(),
            row["error"].AsOptionalString(),
            row["ifindex"].AsOptionalInteger()
        );

    private static IEnumerable<Row> Referenced(Func<string, Guid, Row?> find, string table, OvsdbValue uuids) =>
        uuids.AsUuidSet().Select(uuid => find(table, uuid)).OfType<Row>();
}
