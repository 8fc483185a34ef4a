using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>A resource to delete.</summary>
/// <param name="Vm">Name of the VM, for a container; null for other kinds.</param>
internal sealed record DeletionEntry(ResourceKind Kind, string? Vm, Resource Resource)
{
    /// <summary>The resource in texts: "network dmz", "container vm5/c51".</summary>
    public override string ToString() => Vm is null ? $"{Kind.Noun} {Resource.Name}" : $"{Kind.Noun} {Vm}/{Resource.Name}";
}

/// <summary>Resources to delete, each once.</summary>
internal sealed class DeletionSet
{
    private readonly Dictionary<Guid, DeletionEntry> _entries = [];

    public IReadOnlyCollection<DeletionEntry> Entries => _entries.Values;

    /// <summary>Adds a resource; false if it is in the set already.</summary>
    public bool Add(DeletionEntry entry) => _entries.TryAdd(entry.Resource.Id, entry);

    /// <summary>Returns the ids of the resources of one kind.</summary>
    public Guid[] Ids(string kind) => [.. Entries.Where(entry => entry.Kind.Name == kind).Select(entry => entry.Resource.Id)];
}
