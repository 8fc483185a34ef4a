using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>Who owns what the host has: the one place that decides what may be touched.</summary>
internal sealed class OwnershipRules
{
    private readonly HashSet<Guid> _wanted;
    private readonly HashSet<Guid> _removing;

    public OwnershipRules(HostWork work)
    {
        Installation = work.Installation;
        _wanted = [.. work.Vms.Select(vm => vm.Id), .. work.Vms.SelectMany(vm => vm.Containers).Select(container => container.Id)];
        // An id in both lists is wanted: keeping is the safe error.
        _removing = [.. work.Remove.Select(removal => removal.Id).Except(_wanted)];
    }

    public Guid Installation { get; }

    /// <summary>The work says that the object shall be here.</summary>
    public bool IsWanted(Guid id) => _wanted.Contains(id);

    /// <summary>The work says that the object shall go.</summary>
    public bool IsToBeRemoved(Guid id) => _removing.Contains(id);

    /// <summary>We made it, for whatever object.</summary>
    public bool IsOurs(OwnerMark? mark) => mark?.Installation == Installation;

    /// <summary>We made it for this object.</summary>
    public bool IsMarkOf(OwnerMark? mark, Guid id) => IsOurs(mark) && mark?.Id == id;

    /// <summary>What keeps object <paramref name="id"/> from using something that bears <paramref name="mark"/>; null when it is its own.</summary>
    /// <param name="what">The thing, such as "port c51".</param>
    public Obstacle? FindObstacle(Guid id, OwnerMark? mark, string what) => FindObstacle(id, mark?.Installation, mark?.Id, what);

    /// <summary>The same for a device, whose mark is its alias.</summary>
    public Obstacle? FindObstacle(Guid id, Link link) => FindObstacle(id, link.Owner?.Installation, link.Owner?.Id, $"device {link.Name}");

    private Obstacle? FindObstacle(Guid id, Guid? installation, Guid? owner, string what) =>
        installation is null ? new Obstacle($"{what} exists and is not ours: it has no mark of this installation")
        : installation != Installation ? new Obstacle($"{what} exists and is not ours: it belongs to installation {installation}")
        : owner == id ? null
        : IsToBeRemoved(owner.GetValueOrDefault()) || IsWanted(owner.GetValueOrDefault()) ? Obstacle.Wait
        : new Obstacle($"{what} belongs to object {owner}, which is neither wanted here nor to be removed");
}
