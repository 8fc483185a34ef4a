using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.HostPlanning;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Plans;

/// <summary>Finds what hosts have not confirmed, and writes the commands for it.</summary>
internal static class HostScripts
{
    private const string OfResources = "p.object_id = ANY(@ids) OR p.host_id = ANY(@ids)";

    // A resource that is ready is confirmed.
    private const string Unconfirmed = """
        NOT p.wanted OR p.digest IS NULL
            OR EXISTS (SELECT FROM vms o WHERE o.id = p.object_id AND o.reason <> 'Ready')
            OR EXISTS (SELECT FROM containers o WHERE o.id = p.object_id AND o.reason <> 'Ready')
        """;

    /// <summary>Returns the hosts with something to do, ordered by name.</summary>
    public static async Task<List<PlannedHost>> ReadAsync(NestDb db, PlanScope scope, CancellationToken cancellationToken)
    {
        var placements = await PlacementsAsync(db, scope, cancellationToken);
        if (placements.Count == 0)
        {
            return [];
        }

        var vmIds = placements.Select(one => one.Placement.VmId).Distinct().ToArray();
        var containers = (await DesiredWork.OfContainersAsync(db, vmIds, cancellationToken)).ToLookup(one => one.Vm, one => one.Work);
        var vms = (await DesiredWork.OfVmsAsync(db, vmIds, cancellationToken))
            .Select(vm => vm with { Containers = [.. containers[vm.Id]] })
            .ToDictionary(vm => vm.Id);
        var installation = await db.Leader.Select(leader => leader.Installation).SingleAsync(cancellationToken);
        return
        [
            .. placements
                .GroupBy(one => one.Placement.HostId)
                .Select(host => OfHost(installation, [.. host], vms, scope.IsBlank))
                .OfType<PlannedHost>()
                .OrderBy(host => host.Name, StringComparer.Ordinal),
        ];
    }

    private static Task<List<HostPlacement>> PlacementsAsync(NestDb db, PlanScope scope, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<Placement>();
        var condition = scope switch
        {
            { Ids: not null } => OfResources,
            { IsBlank: true } => "true",
            _ => Unconfirmed,
        };
        return db.QueryAsync(
            $"""
            SELECT {table.Columns("p")}, h.name, h.integration_bridge, coalesce(v.name, '')
            FROM placements p JOIN hosts h ON h.id = p.host_id LEFT JOIN vms v ON v.id = p.vm_id
            WHERE ({condition}) AND (p.wanted OR NOT @blank) ORDER BY h.name, v.name, p.kind, p.name LIMIT @limit
            """,
            row => new HostPlacement(
                table.Read(row),
                row.GetString(table.Count),
                row.GetString(table.Count + 1),
                row.GetString(table.Count + 2)
            ),
            cancellationToken,
            [("blank", scope.IsBlank), ("limit", scope.Limit), .. scope.Ids is { } ids ? [("ids", ids)] : Array.Empty<(string, object?)>()]
        );
    }

    /// <summary>Returns null if the host has nothing to do.</summary>
    private static PlannedHost? OfHost(
        Guid installation,
        IReadOnlyList<HostPlacement> placements,
        Dictionary<Guid, VmWork> vms,
        bool isBlank
    )
    {
        var digests = vms
            .Values.SelectMany(vm => vm.Containers.Select(one => (one.Id, one.Digest)).Prepend((vm.Id, vm.Digest)))
            .ToDictionary();
        var open = placements.Where(one => IsOpen(one.Placement)).ToList();
        if (open.Count == 0)
        {
            return null;
        }

        var missing = open.Where(one => one.Placement.Wanted).Select(one => one.Placement.ObjectId).ToHashSet();
        var involved = open.Where(one => one.Placement.Wanted).Select(one => vms[one.Placement.VmId]).DistinctBy(vm => vm.Id).ToList();
        var before = Work(
            involved.FindAll(vm => !missing.Contains(vm.Id)).ConvertAll(vm => With(vm, container => !missing.Contains(container.Id))),
            []
        );
        var after = Work(
            involved.ConvertAll(vm => With(vm, container => !missing.Contains(vm.Id) || missing.Contains(container.Id))),
            [.. open.Where(one => !one.Placement.Wanted).Select(one => Removal(one.Placement))]
        );
        return new(open[0].Host, open.ConvertAll(one => one.ToString()), HostScript.Of(after, before));

        // A container whose tag is still leased to another one is not part of the work yet.
        bool IsOpen(Placement placement) =>
            !placement.Wanted
            || (
                digests.TryGetValue(placement.ObjectId, out var digest)
                && (isBlank || placement.Digest != digest)
                && vms.ContainsKey(placement.VmId)
            );

        HostWork Work(IReadOnlyList<VmWork> vms, IReadOnlyList<Removal> removals) =>
            new("", installation, placements[0].Host, placements[0].IntegrationBridge, vms, removals);
    }

    private static VmWork With(VmWork vm, Func<ContainerWork, bool> isIncluded) =>
        vm with
        {
            Containers = [.. vm.Containers.Where(isIncluded)],
        };

    private static Removal Removal(Placement placement) =>
        new(placement.ObjectId, placement.Kind, placement.Name, placement.Interface, placement.Namespace, placement.Bridge);

    /// <summary>A placement with the names that its record does not contain.</summary>
    private sealed record HostPlacement(Placement Placement, string Host, string IntegrationBridge, string Vm)
    {
        public override string ToString() => Placement.Kind is RemovalKind.Vm ? $"vm/{Placement.Name}" : $"container/{Vm}/{Placement.Name}";
    }
}
