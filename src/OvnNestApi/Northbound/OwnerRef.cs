namespace OvnNestApi.Northbound;

/// <summary>
/// The kinds of object that have rows in the NB, in the order in which they are created: what refers comes after what it refers to.
/// </summary>
public enum OwnerKind
{
    /// <summary>A logical router.</summary>
    Router,

    /// <summary>A logical switch, its DHCP options and its link to the router.</summary>
    Network,

    /// <summary>A VM's port, the parent.</summary>
    Vm,

    /// <summary>A container's port, nested in its VM's.</summary>
    Container,
}

/// <summary>An object of ours, as the marks of its rows name it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Id">Its id.</param>
public readonly record struct OwnerRef(OwnerKind Kind, Guid Id);

/// <summary>A row of the NB.</summary>
/// <param name="Table">Its table, see <see cref="Tables"/>.</param>
/// <param name="Uuid">Its <c>_uuid</c>.</param>
public readonly record struct RowRef(string Table, Guid Uuid);

/// <summary>The tables of ovn-nb(5) that we read or write.</summary>
public static class Tables
{
    public const string Global = "NB_Global";
    public const string Switch = "Logical_Switch";
    public const string SwitchPort = "Logical_Switch_Port";
    public const string Dhcp = "DHCP_Options";
    public const string Router = "Logical_Router";
    public const string RouterPort = "Logical_Router_Port";

    /// <summary>Those whose rows can bear our mark.</summary>
    public static IReadOnlyList<string> Marked { get; } = [Switch, SwitchPort, Dhcp, Router, RouterPort];

    /// <summary>The table whose column <c>ports</c> keeps the rows of <paramref name="table"/> alive; null for a root table.</summary>
    public static string? ParentOf(string table) =>
        table switch
        {
            SwitchPort => Switch,
            RouterPort => Router,
            _ => null,
        };
}
