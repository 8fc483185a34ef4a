using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>Decides from owner marks and the work what the agent may change. No other code decides this.</summary>
internal sealed class OwnershipRules
{
    private readonly HashSet<Guid> _wanted;
    private readonly HashSet<Guid> _toBeRemoved;
    private readonly HashSet<Guid> _adopting;

    public OwnershipRules(HostWork work)
    {
        Installation = work.Installation;
        _wanted = [.. work.Vms.Select(vm => vm.Id), .. work.Vms.SelectMany(vm => vm.Containers).Select(container => container.Id)];
        _adopting =
        [
            .. work.Vms.Where(vm => vm.Adopts is true).Select(vm => vm.Id),
            .. work.Vms.SelectMany(vm => vm.Containers).Where(container => container.Adopts is true).Select(container => container.Id),
        ];
        // An id in both lists counts as wanted: to keep something is the safer mistake.
        _toBeRemoved = [.. work.Remove.Select(removal => removal.Id).Except(_wanted)];
    }

    public Guid Installation { get; }

    /// <summary>True if the work lists the resource as wanted here.</summary>
    public bool IsWanted(Guid id) => _wanted.Contains(id);

    /// <summary>True if the work lists the resource for removal.</summary>
    public bool IsToBeRemoved(Guid id) => _toBeRemoved.Contains(id);

    /// <summary>
    /// True if the resource takes over an item of its names that has no owner mark. The caller checks that the item fits.
    /// </summary>
    public bool TakesOver(Guid id, OwnerMark? mark) => mark is null && Adopts(id);

    /// <summary>True if the resource was made by hand, and this host has not confirmed yet that its items have owner marks.</summary>
    public bool Adopts(Guid id) => _adopting.Contains(id);

    /// <summary>True if the mark is from this installation, for any resource.</summary>
    public bool IsOurs(OwnerMark? mark) => mark?.Installation == Installation;

    /// <summary>True if the mark is from this installation and for this resource.</summary>
    public bool IsMarkOf(OwnerMark? mark, Guid id) => IsOurs(mark) && mark?.Id == id;

    /// <summary>Returns why resource <paramref name="id"/> may not use an item with this mark; null if the item is its own.</summary>
    /// <param name="item">The item for the message, such as "port c51".</param>
    public Obstacle? FindObstacle(Guid id, OwnerMark? mark, string item) => FindObstacle(id, mark?.Installation, mark?.Id, item);

    /// <summary>Returns why resource <paramref name="id"/> may not use a device; null if the device's alias is its own mark.</summary>
    public Obstacle? FindObstacle(Guid id, Link link) => FindObstacle(id, link.Owner?.Installation, link.Owner?.Id, $"device {link.Name}");

    private Obstacle? FindObstacle(Guid id, Guid? installation, Guid? owner, string item)
    {
        if (installation is null)
        {
            return new Obstacle($"{item} exists and is not ours: it has no owner mark of this installation");
        }

        if (installation != Installation)
        {
            return new Obstacle($"{item} exists and is not ours: it belongs to installation {installation}");
        }

        if (owner is not { } other || other == id)
        {
            return null;
        }

        return IsToBeRemoved(other) || IsWanted(other)
            ? Obstacle.Wait
            : new Obstacle($"{item} belongs to resource {other}, which is neither wanted here nor listed for removal");
    }
}
