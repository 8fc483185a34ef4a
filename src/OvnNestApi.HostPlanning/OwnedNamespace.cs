namespace OvnNestApi.HostPlanning;

/// <summary>Named network namespace with an owner mark, or the configuration files that are left of one.</summary>
/// <param name="State">State of the namespace; null if it does not exist or is not the owner's: then only our record is left.</param>
internal sealed record OwnedNamespace(string Name, OwnerMark Mark, NamespaceState? State)
{
    /// <summary>Returns all of them, by name. The mark on the host decides; a record alone is no proof of ownership.</summary>
    public static IReadOnlyDictionary<string, OwnedNamespace> Find(ObservedState observed)
    {
        var found = observed.NamespaceRecords.ToDictionary(
            record => record.Namespace,
            record => new OwnedNamespace(record.Namespace, record.Mark, null)
        );
        foreach (var state in observed.Network.Namespaces.Values)
        {
            var recorded = found.GetValueOrDefault(state.Name);
            if (state.Owner is { } owner)
            {
                found[state.Name] = new OwnedNamespace(state.Name, new OwnerMark(owner.Installation, "", owner.Id), state);
            }
            else if (recorded is not null && (state.Identity is null || HasDeviceOf(state, recorded.Mark)))
            {
                // Either the agent ended while it created the namespace, or an earlier version, which did not mark namespaces, created it.
                found[state.Name] = recorded with { State = state };
            }
        }

        return found;
    }

    private static bool HasDeviceOf(NamespaceState state, OwnerMark mark) =>
        state.Links.Values.Any(link => link.Owner == (mark.Installation, mark.Id));
}
