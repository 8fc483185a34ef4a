using System.Globalization;
using Ovsdb;

namespace Benchmarks;

/// <summary>The port of a nested container, as plain values.</summary>
internal sealed record NestedPort(Guid Id, string Name, string Parent, int Tag, string Mac, string Address, Guid Dhcp, string Owner)
{
    public const string Table = "Logical_Switch_Port";
    public const string Switch = "Logical_Switch";
    public const string DhcpTable = "DHCP_Options";
    public const string Database = "OVN_Northbound";

    /// <summary>The number of ports of a switch.</summary>
    public const int PerSwitch = 100;

    /// <summary>The tables of the replica.</summary>
    public static readonly MonitoredTable[] Tables =
    [
        new(Table, ["name", "addresses", "port_security", "parent_name", "tag_request", "dhcpv4_options", "external_ids"]),
        new(Switch, ["name", "ports"]),
    ];

    /// <summary>Three indexes: by name, by owner, by parent and tag.</summary>
    public static readonly ReplicaIndex[] Indexes =
    [
        ReplicaIndex.ByColumn("name", Table, "name"),
        ReplicaIndex.ByMapKey("owner", Table, "external_ids", "bench:owner"),
        new("tag", Table, row =>
            string.Create(CultureInfo.InvariantCulture, $"{row["parent_name"].AsString()} {row["tag_request"].AsInteger()}")
        ),
    ];

    /// <summary>Creates ports, for VMs with up to 4,000 containers.</summary>
    public static NestedPort[] Make(int count, Guid dhcp) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new NestedPort(
                    Guid.NewGuid(),
                    $"n{i / PerSwitch}-v{i / 4000}-c{i}",
                    $"n{i / PerSwitch}-v{i / 4000}",
                    1 + (i % 4000),
                    $"02:00:00:{i >> 16:x2}:{(i >> 8) & 255:x2}:{i & 255:x2}",
                    $"10.{i / 62500}.{i / 250 % 250}.{1 + (i % 250)}",
                    dhcp,
                    Guid.NewGuid().ToString()
                )),
        ];

    /// <summary>Returns the operations that add ports to a switch.</summary>
    public static Op[] Add(Guid switchUuid, ReadOnlySpan<NestedPort> ports)
    {
        var ops = new Op[ports.Length + 1];
        var ids = new Guid[ports.Length];
        for (var i = 0; i < ports.Length; i++)
        {
            ops[i] = Op.Insert(Table, ports[i].Row(), ports[i].Id);
            ids[i] = ports[i].Id;
        }

        ops[^1] = Op.Mutate(Switch, [Where.Uuid(switchUuid)], Mutation.Insert("ports", OvsdbValue.Set(ids)));
        return ops;
    }

    private Dictionary<string, OvsdbValue> Row() =>
        new()
        {
            ["name"] = Name,
            ["addresses"] = $"{Mac} {Address}",
            ["port_security"] = $"{Mac} {Address}",
            ["parent_name"] = Parent,
            ["tag_request"] = Tag,
            ["dhcpv4_options"] = Dhcp,
            ["external_ids"] = OvsdbValue.Map([
                new("bench:owner", Owner),
                new("bench:instance", "lab"),
                new("bench:kind", "container"),
                new("bench:generation", "1"),
            ]),
        };
}
