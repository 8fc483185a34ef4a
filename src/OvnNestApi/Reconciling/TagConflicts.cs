using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Finds containers whose tag is used by a port of the same VM that no known container owns.</summary>
internal static class TagConflicts
{
    /// <summary>Returns the conflict of each container that has one, by the id of the container.</summary>
    /// <param name="isFull">True if <paramref name="desired"/> contains all containers.</param>
    public static async Task<Dictionary<Guid, Conflict>> FindAsync(
        NestDb db,
        DesiredState desired,
        NorthboundView view,
        bool isFull,
        CancellationToken cancellationToken
    )
    {
        // The port of a known container is not an obstacle: it has drifted or is about to be removed, and is repaired itself.
        var rivals = desired
            .Containers.Where(c => c.IsWanted)
            .SelectMany(c => view.RivalsOf(c, desired.Port(c.VmId ?? default).PortName).Select(rival => (c.Id, Rival: rival)))
            .Where(pair => pair.Rival.Owner is not { } owner || !desired.Subjects.ContainsKey(new(OwnerKind.Container, owner)))
            .ToList();
        var owners = rivals.Select(pair => pair.Rival.Owner).OfType<Guid>().Distinct().ToList();
        var known =
            owners.Count == 0 || isFull
                ? []
                : (await db.Containers.Where(c => owners.Contains(c.Id)).Select(c => c.Id).ToListAsync(cancellationToken)).ToHashSet();
        return rivals
            .Where(pair => pair.Rival.Owner is not { } owner || !known.Contains(owner))
            .GroupBy(pair => pair.Id, pair => pair.Rival.Row)
            .ToDictionary(group => group.Key, group => new Conflict(ObstacleOf(group.First())));
    }

    private static Obstacle ObstacleOf(Row port) =>
        new(
            Reason.TagConflict,
            $"Port {port["name"].AsOptionalString()} ({port.Uuid}) of the same VM has the same tag and is not managed here."
        );
}
