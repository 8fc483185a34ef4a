namespace OvnNestApi.Northbound;

/// <summary>
/// Kinds of resources that have rows in the NB, in the order in which the rows are created: a row is created after the rows that it refers
/// to.
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

/// <summary>The resource that owns a row, as the owner mark names it.</summary>
public readonly record struct OwnerRef(OwnerKind Kind, Guid Id);

/// <summary>Identity of a row in the NB.</summary>
/// <param name="Table">One of <see cref="Tables"/>.</param>
/// <param name="Uuid">Column <c>_uuid</c>.</param>
public readonly record struct RowRef(string Table, Guid Uuid);

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
    public static IReadOnlyList<string> Marked { get; } = [Switch, SwitchPort, Dhcp, Router, RouterPort];

    /// <summary>
    /// Returns the table whose column <c>ports</c> refers to rows of <paramref name="table"/>, which are deleted when nothing refers to
    /// them. Null for a root table.
    /// </summary>
    public static string? ParentOf(string table) =>
        table switch
        {
            SwitchPort => Switch,
            RouterPort => Router,
            _ => null,
        };
}
