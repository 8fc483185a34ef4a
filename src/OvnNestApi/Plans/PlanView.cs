using System.Text.Json.Serialization;

namespace OvnNestApi.Plans;

/// <summary>What the next pass of the reconciler and the agents would do.</summary>
/// <param name="Count">
/// Number of resources whose rows in the northbound database are not as wanted; more than in <c>items</c> if that is cut.
/// </param>
/// <param name="Items">These resources, in an order in which they can be processed.</param>
/// <param name="Hosts">
/// Hosts that have not confirmed their work, with commands for a host that has everything else of these VMs; the API does not know the
/// actual state of a host. The agent's command <c>plan</c> shows the commands for the actual state.
/// </param>
/// <param name="Brake">Why the safety brake holds back the last pass; absent if it does not.</param>
/// <param name="Error">Why the northbound database could not be compared; absent if it could.</param>
public sealed record PlanView(
    int Count,
    IReadOnlyList<PlannedResource> Items,
    IReadOnlyList<PlannedHost> Hosts,
    string? Brake = null,
    string? Error = null
);

/// <summary>A resource whose rows in the northbound database are not as wanted.</summary>
/// <param name="Kind">Kind of the resource: {kinds}.</param>
/// <param name="Vm">Name of the VM, for a container; absent for other kinds.</param>
/// <param name="Name">Name of the resource; absent if no resource is known and only its rows are left.</param>
/// <param name="Id">Id of the resource.</param>
/// <param name="Operations">Changes of rows, in the order in which they are made.</param>
/// <param name="Commands">
/// The same as lines of a shell with <c>ovn-nbctl</c>. They create rows with other UUIDs than the reconciler does, except DHCP options.
/// </param>
/// <param name="Message">Why rows are left as they are; absent if all will be as wanted.</param>
public sealed record PlannedResource(
    string Kind,
    string? Vm,
    string? Name,
    Guid Id,
    IReadOnlyList<PlannedOperation> Operations,
    IReadOnlyList<string> Commands,
    string? Message
);

/// <summary>A change of a row in the northbound database.</summary>
/// <param name="Action">What is done with the row.</param>
/// <param name="Table">Table of ovn-nb(5).</param>
/// <param name="Uuid">UUID of the row.</param>
/// <param name="Parent">
/// Name of the logical switch or router whose ports the row joins or leaves; absent for other actions.
/// </param>
/// <param name="Columns">Changed columns, and single keys of map columns as <c>column:key</c>.</param>
public sealed record PlannedOperation(
    PlannedAction Action,
    string Table,
    Guid Uuid,
    string? Parent,
    IReadOnlyDictionary<string, PlannedChange> Columns
);

/// <summary>What is done with a row.</summary>
public enum PlannedAction
{
    /// <summary>It is created.</summary>
    Insert,

    /// <summary>Columns are changed.</summary>
    Update,

    /// <summary>It becomes a port of a switch or router.</summary>
    Attach,

    /// <summary>It is no longer a port of a switch or router.</summary>
    Detach,

    /// <summary>It is deleted.</summary>
    Delete,
}

/// <summary>Change of a column; values as <c>ovn-nbctl</c> prints them.</summary>
/// <param name="From">Present value; null if the column or key is empty.</param>
/// <param name="To">New value; null if the column or key becomes empty.</param>
public sealed record PlannedChange(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? From,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? To
);

/// <summary>What is to be done on a host.</summary>
/// <param name="Name">Name of the host.</param>
/// <param name="Resources">VMs as <c>vm/NAME</c> and containers as <c>container/VM/NAME</c> whose work is not confirmed.</param>
/// <param name="Commands">Lines of a shell with <c>ovs-vsctl</c> and <c>ip</c>.</param>
public sealed record PlannedHost(string Name, IReadOnlyList<string> Resources, IReadOnlyList<string> Commands);
