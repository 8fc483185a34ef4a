using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Kinds of resources that have rows in the NB, in the order in which the rows are created: a row is created after the rows that it refers
/// to. The name of a value, in lower case, is the kind in the owner mark.
/// </summary>
public enum OwnerKind
{
    /// <summary>A logical router.</summary>
    Router,

    /// <summary>A logical switch, its DHCP options, and the two ports that connect it to the router.</summary>
    Network,

    /// <summary>The port of a VM, the parent of its containers' ports.</summary>
    Vm,

    /// <summary>The port of a container, nested in the port of its VM.</summary>
    Container,
}

/// <summary>Tables of ovn-nb(5) that this service reads or writes.</summary>
public static class Tables
{
    public const string Global = "NB_Global";
    public const string Switch = "Logical_Switch";
    public const string SwitchPort = "Logical_Switch_Port";
    public const string Dhcp = "DHCP_Options";
    public const string Router = "Logical_Router";
    public const string RouterPort = "Logical_Router_Port";

    /// <summary>Tables whose rows can have our owner mark.</summary>
    public static IReadOnlyList<MarkedTable> Marked { get; } =
    [
        new(Router, [OwnerKind.Router], ["name", "ports"])
        {
            Content = ["nat", "static_routes", "policies", "load_balancer", "load_balancer_group", "copp"],
        },
        new(Switch, [OwnerKind.Network], ["name", "ports"])
        {
            Content = ["acls", "qos_rules", "load_balancer", "load_balancer_group", "dns_records", "forwarding_groups", "copp"],
        },
        new(Dhcp, [OwnerKind.Network], ["cidr", "options"]) { Guarded = ["cidr"] },
        new(RouterPort, [OwnerKind.Network], ["name", "mac", "networks"], Foreign: [], Parent: Router)
        {
            Content = ["gateway_chassis", "ha_chassis_group", "dhcp_relay"],
            Guarded = ["name", "mac", "networks"],
        },
        new(
            SwitchPort,
            [OwnerKind.Network, OwnerKind.Vm, OwnerKind.Container],
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
            ],
            Foreign: [new("parent_name", "!=", OvsdbValue.Empty)],
            Parent: Switch
        )
        {
            Guarded = ["name", "addresses", "port_security", "parent_name", "tag_request"],
        },
    ];

    private static readonly ILookup<OwnerKind, MarkedTable> ByOwner = Marked
        .SelectMany(table => table.Owners.Select(owner => (owner, table)))
        .ToLookup(pair => pair.owner, pair => pair.table);

    private static readonly Dictionary<string, MarkedTable> ByName = Marked.ToDictionary(table => table.Name);

    /// <summary>Returns the tables in which resources of a kind have rows.</summary>
    public static IEnumerable<MarkedTable> Of(OwnerKind kind) => ByOwner[kind];

    /// <summary>
    /// Returns the table whose column <c>ports</c> refers to rows of <paramref name="table"/>, which are deleted when nothing refers to
    /// them. Null for a root table.
    /// </summary>
    public static string? ParentOf(string table) => ByName.GetValueOrDefault(table)?.Parent;

    /// <inheritdoc cref="MarkedTable.Content"/>
    public static IReadOnlyList<string> ContentOf(string table) => ByName.GetValueOrDefault(table)?.Content ?? [];

    /// <inheritdoc cref="MarkedTable.Guarded"/>
    public static IReadOnlyList<string> GuardedOf(string table) => ByName.GetValueOrDefault(table)?.Guarded ?? [];
}

/// <summary>A table whose rows can have our owner mark.</summary>
/// <param name="Owners">Kinds of resources that have rows in the table.</param>
/// <param name="Columns">Columns to replicate, in addition to <c>external_ids</c>: those that are written or read.</param>
/// <param name="Foreign">Conditions of the foreign rows to replicate; null to replicate all rows.</param>
/// <param name="Parent">Table whose column <c>ports</c> refers to the rows; null for a root table.</param>
public sealed record MarkedTable(
    string Name,
    IReadOnlyList<OwnerKind> Owners,
    IReadOnlyList<string> Columns,
    IReadOnlyList<Where>? Foreign = null,
    string? Parent = null
)
{
    /// <summary>
    /// Columns that only other clients write, replicated as well: what they refer to is lost if the row is deleted. Not every version of
    /// OVN has all of them.
    /// </summary>
    public IReadOnlyList<string> Content { get; init; } = [];

    /// <summary>Columns that decide who gets which frames. The safety brake limits changes of them without a request.</summary>
    public IReadOnlyList<string> Guarded { get; init; } = [];
}
