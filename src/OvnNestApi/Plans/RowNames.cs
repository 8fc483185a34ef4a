using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;
using Ovsdb;

namespace OvnNestApi.Plans;

/// <summary>Names of rows, as a person refers to them in commands.</summary>
/// <param name="isBlank">True if none of our rows exists yet.</param>
internal sealed class RowNames(DesiredState desired, ReplicaSnapshot replica, bool isBlank)
{
    private readonly Dictionary<Guid, string> _wanted = desired.Resources.Values.Select(Wanted).ToDictionary();
    private readonly Dictionary<Guid, string> _changed = [];

    /// <summary>Returns the name of a row that exists or is created; its UUID if the name is empty, unknown or not unique.</summary>
    public string Of(RowRef row)
    {
        if (_changed.TryGetValue(row.Uuid, out var changed))
        {
            return changed;
        }

        var present = replica.Find(row.Table, row.Uuid) is { } found && row.Table != Tables.Dhcp ? found["name"].AsString() : null;
        if (present is null || isBlank)
        {
            return _wanted.GetValueOrDefault(row.Uuid) ?? present ?? row.Uuid.ToString();
        }

        var isUnique = row.Table != Tables.Switch || replica.SwitchesNamed(present).Count == 1;
        return present.Length > 0 && isUnique ? present : row.Uuid.ToString();
    }

    /// <summary>Records that a command has changed the name of a row: the next commands use the new one.</summary>
    public void Change(RowRef row, string name) => _changed[row.Uuid] = name;

    private static KeyValuePair<Guid, string> Wanted(DesiredResource resource) =>
        resource switch
        {
            DesiredRouter router => new(router.RouterUuid, router.Name),
            DesiredNetwork network => new(network.SwitchUuid, network.SwitchName),
            DesiredPort port => new(port.PortUuid, port.PortName),
            _ => throw new NotSupportedException($"A {resource.Kind} has no rows."),
        };
}
