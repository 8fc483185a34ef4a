using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Endpoints for the state of all tags of a VM, and for the history of its tags.</summary>
internal static class VlanMapEndpoints
{
    public static void MapVlanMap(this IEndpointRouteBuilder api)
    {
        api.MapRead("/vms/{vm}/vlan-map", MapAsync)
            .WithTags("VLAN leases")
            .Takes()
            .Offers(Representations.Json, Representations.Svg)
            .Describe(
                "get-vlan-map",
                "Show the state of every tag of a VM",
                "Returns each leased tag, and the free tags as ranges. With `Accept: image/svg+xml`, returns a drawing of all tags."
            );
        api.MapRead("/vms/{vm}/vlan-history", HistoryAsync)
            .WithTags("VLAN leases")
            .Takes(
                new("tag", "Only entries of this tag.", "integer"),
                new("at", "Only grants that were valid at this time, such as 2026-11-23T18:00:00Z."),
                new("limit", "Maximum number of items on the page, 1 to 1000 (default 100).", "integer"),
                new("cursor", "Position of the page: `next` from the previous page.")
            )
            .Describe(
                "list-vlan-history",
                "List the history of a VM's tags",
                "Returns who had which tag and when, latest first. Entries remain after the container or the VM is deleted. "
                    + "A new VM of the same name has another `vmId`."
            );
    }

    internal static async Task<Reply<JsonResult<VlanMap>, SvgResult>> MapAsync(
        string vm,
        HttpContext context,
        NestDb db,
        LeaseReader reader,
        CancellationToken cancellationToken
    )
    {
        if (await LeaseReader.FindVmAsync(db, vm, cancellationToken) is not { } id)
        {
            return Problem.NotFound("VM", vm);
        }

        var text = await db.Vms.Where(v => v.Id == id).Select(v => v.VlanRanges).SingleAsync(cancellationToken);
        var leases = (await reader.ViewsAsync(db, vm, Expiry.Leases(db).Where(l => l.VmId == id), cancellationToken)).ConvertAll(
            l => new VlanMapEntry(
                l.Status.Tag,
                l.Status.State,
                l.Status.Container,
                l.Spec.Owner,
                l.Status.Since,
                l.Status.ExpiresAt,
                l.Status.FreeAt,
                l.Status.WaitingFor
            )
        );
        var ranges = VlanRanges.Parse(text);
        var taken = leases.Select(l => l.Tag).ToHashSet();
        var free = ranges.Ranges.SelectMany(r => Enumerable.Range(r.Low, r.High - r.Low + 1)).Where(tag => !taken.Contains(tag)).ToList();
        var counts = Enum.GetValues<LeaseState>().ToDictionary(Reservations.StateName, state => leases.Count(l => l.State == state));
        counts["free"] = free.Count;
        var map = new VlanMap(vm, text, counts, leases, VlanRanges.TryParse(string.Join(',', free), out var left) ? left.ToString() : "");
        return Representations.Of(context).Choose(context.Request) == Representations.Svg
            ? new SvgResult(VlanMapDrawing.Of(map))
            : new JsonResult<VlanMap>(map);
    }

    internal static async Task<Reply<JsonResult<ListView<TenureView>>>> HistoryAsync(
        string vm,
        HttpContext context,
        NestDb db,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var tag = query.Number("tag", VlanRanges.Lowest, VlanRanges.Highest, 0);
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var before = query.Value<long>("cursor", long.TryParse, "`next` from the previous page") ?? long.MaxValue;
        var at = query.Value<DateTimeOffset>("at", TryParseTime, "a time such as 2026-11-23T18:00:00Z");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var tenures = db.VlanHistory.Where(t =>
            t.VmName == vm
            && t.Id < before
            && (tag == 0 || t.Tag == tag)
            && (at == null || (t.From <= at && (t.Until == null || t.Until > at)))
        );
        var items = await tenures
            .OrderByDescending(t => t.Id)
            .Take(limit + 1)
            .Select(t => new TenureView(t.Id, t.VmId, t.Tag, t.ContainerName, t.ContainerId, t.Owner, t.LeaseId, t.From, t.Until))
            .ToListAsync(cancellationToken);
        if (items.Count == 0 && await LeaseReader.FindVmAsync(db, vm, cancellationToken) is null)
        {
            return Problem.NotFound("VM", vm);
        }

        var next = items.Count > limit ? $"{items[limit - 1].Number}" : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<TenureView>>(new(items.Take(limit).ToList(), next));
    }

    // RFC 3339. A time without an offset is UTC, like all times of the API.
    private static bool TryParseTime(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text,
            "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time
        );
}

/// <summary>State of all tags of a VM.</summary>
/// <param name="Vm">Name of the VM.</param>
/// <param name="Ranges">Tags that the server can choose for containers, as ranges.</param>
/// <param name="Counts">Number of tags that are reserved, bound, draining, cooling, foreign and free.</param>
/// <param name="Tags">Leased tags.</param>
/// <param name="Free">Free tags, as ranges; empty if there are none.</param>
public sealed record VlanMap(
    string Vm,
    string Ranges,
    IReadOnlyDictionary<string, int> Counts,
    IReadOnlyList<VlanMapEntry> Tags,
    string Free
);

/// <summary>A leased tag.</summary>
/// <param name="Tag">VLAN tag.</param>
/// <param name="State">
/// State of the lease: reserved, bound, draining, cooling, or foreign: a port that this service did not create uses the tag.
/// </param>
/// <param name="Container">
/// Container that the tag is bound to, or was bound to last; absent if the tag is reserved or was used by others.
/// </param>
/// <param name="Owner">Owner key; absent if the tag was granted to a container without a reservation.</param>
/// <param name="Since">Time since when the lease is in this state.</param>
/// <param name="ExpiresAt">Time when the reservation ends; absent if it does not end.</param>
/// <param name="FreeAt">Time when the tag becomes free; only while cooling.</param>
/// <param name="WaitingFor">What the lease waits for, as in <c>status.waitingFor</c> of the lease.</param>
public sealed record VlanMapEntry(
    int Tag,
    LeaseState State,
    string? Container,
    string? Owner,
    DateTimeOffset Since,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? FreeAt,
    IReadOnlyList<string> WaitingFor
);

/// <summary>One grant in the history of a tag.</summary>
/// <param name="Number">Number of the entry; increases with every grant.</param>
/// <param name="VmId">Id of the VM. It distinguishes VMs that had the same name one after the other.</param>
/// <param name="Tag">VLAN tag.</param>
/// <param name="Container">Container that the tag was bound to; absent if it was reserved, or used by others.</param>
/// <param name="ContainerId">Id of that container.</param>
/// <param name="Owner">Owner key of the reservation; absent if the tag was granted to a container without a reservation.</param>
/// <param name="Lease">Id of the grant.</param>
/// <param name="From">Time of the grant.</param>
/// <param name="Until">Time when the grant ended; absent while it is valid.</param>
public sealed record TenureView(
    long Number,
    Guid VmId,
    int Tag,
    string? Container,
    Guid? ContainerId,
    string? Owner,
    Guid Lease,
    DateTimeOffset From,
    DateTimeOffset? Until
);
