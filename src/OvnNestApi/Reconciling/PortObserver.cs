using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>Observed state of a port.</summary>
/// <param name="Id">Id of the VM or container.</param>
/// <param name="IsUp">Debounced <c>up</c>; null if the recorded value still applies.</param>
/// <param name="Tag">Column <c>tag</c>; null if it is not set.</param>
internal readonly record struct PortObservation(Guid Id, bool? IsUp, int? Tag);

/// <summary>Observes the ports of VMs and containers in the NB.</summary>
internal sealed class PortObserver(NorthboundDb nb, PortStates states)
{
    /// <summary>True if a port has been down long enough to be recorded as down.</summary>
    public bool HasDue => states.Due().Count > 0;

    /// <summary>Time until the next port that is down has to be recorded; null if no port is waiting.</summary>
    public TimeSpan? NextIn => states.NextIn;

    /// <summary>Returns the state of the changed ports, of the ports that are due, and of ports whose recorded state is wrong.</summary>
    /// <param name="changed">Ids of resources whose port has changed.</param>
    /// <param name="all">Recorded state of all resources; null to compare no recorded states.</param>
    public List<PortObservation> Observe(IEnumerable<Guid> changed, DesiredState? all)
    {
        var ids = changed.Concat(states.Due()).ToHashSet();
        foreach (var (owner, recorded) in all?.Subjects.Where(s => s.Key.Kind is OwnerKind.Vm or OwnerKind.Container) ?? [])
        {
            var (isUp, tag) = Read(owner.Id);
            if (isUp != recorded.Up || (owner.Kind == OwnerKind.Container && tag != recorded.ObservedTag))
            {
                ids.Add(owner.Id);
            }
        }

        return [.. ids.Select(Observe)];
    }

    private PortObservation Observe(Guid id)
    {
        var (isUp, tag) = Read(id);
        return new(id, states.Observe(id, isUp), tag);
    }

    private (bool IsUp, int? Tag) Read(Guid id)
    {
        var rows = nb.Replica.OfResource(Tables.SwitchPort, id);
        return (rows.Any(row => row["up"].AsOptionalBoolean() == true), (int?)rows.FirstOrDefault()?["tag"].AsOptionalInteger());
    }
}
