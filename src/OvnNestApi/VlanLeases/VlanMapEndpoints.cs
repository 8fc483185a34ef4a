using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>All tags of a VM at a glance, and who had them.</summary>
internal static class VlanMapEndpoints
{
    public static void MapVlanPictures(this IEndpointRouteBuilder api)
    {
        api.MapRead("/vms/{vm}/vlan-map", MapAsync)
            .WithTags("VLAN leases")
            .Takes()
            .Offers(Representations.Json, Representations.Svg)
            .Describe(
                "get-vlan-map",
                "Every tag of a VM and its state",
                "Tags that are not free one by one, free ones as ranges; with `Accept: image/svg+xml` a drawing of all of them."
            );
        api.MapRead("/vms/{vm}/vlan-history", HistoryAsync)
            .WithTags("VLAN leases")
            .Takes(
                new("tag", "Only this tag.", "integer"),
                new("at", "Only who had a tag at this time, such as 2026-11-23T18:00:00Z."),
                new("limit", "Items of a page, 1 to 1000; default 100.", "integer"),
                new("cursor", "The `next` of the page before.")
            )
            .Describe(
                "list-vlan-history",
                "Who had which tag, from when to when",
                "The latest first. It is kept beyond the container and the VM: a VM made anew under the name has another `vmId`."
            );
    }

    internal static async Task<Reply<JsonResult<VlanMap>, SvgResult>> MapAsync(
        string vm,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        CancellationToken cancellationToken
    )
    {
        if (await LeaseReader.FindVmAsync(db, vm, cancellationToken) is not { } id)
        {
            return Problem.NotFound("vm", vm);
        }

        var text = await db.Vms.Where(v => v.Id == id).Select(v => v.VlanRanges).SingleAsync(cancellationToken);
        var leases = (await reading.ViewsAsync(db, vm, Expiry.Leases(db).Where(l => l.VmId == id), cancellationToken)).ConvertAll(
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
        var counts = Enum.GetValues<LeaseState>().ToDictionary(Reservations.Word, state => leases.Count(l => l.State == state));
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
        var before = query.Value<long>("cursor", long.TryParse, "the next of a page") ?? long.MaxValue;
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
            return Problem.NotFound("vm", vm);
        }

        var next = items.Count > limit ? $"{items[limit - 1].Number}" : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<TenureView>>(new(items.Take(limit).ToList(), next));
    }

    // RFC 3339; without an offset it is UTC, as all times of the API are.
    private static bool TryParseTime(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text,
            "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time
        );
}

/// <summary>All tags of a VM.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Ranges">The tags that may be chosen.</param>
/// <param name="Counts">How many tags are reserved, bound, draining, cooling, free.</param>
/// <param name="Tags">Those that are not free.</param>
/// <param name="Free">Those that are, as ranges; empty when none is.</param>
public sealed record VlanMap(
    string Vm,
    string Ranges,
    IReadOnlyDictionary<string, int> Counts,
    IReadOnlyList<VlanMapEntry> Tags,
    string Free
);

/// <summary>A tag that is not free.</summary>
/// <param name="Tag">The tag.</param>
/// <param name="State">reserved, bound, draining or cooling.</param>
/// <param name="Container">The container that has it, or had it; absent when reserved.</param>
/// <param name="Owner">The client's key; absent when a container drew the tag itself.</param>
/// <param name="Since">Since when the state holds.</param>
/// <param name="ExpiresAt">When the reservation ends; absent: never.</param>
/// <param name="FreeAt">While cooling: when the tag may be had again.</param>
/// <param name="WaitingFor">As the lease says it.</param>
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

/// <summary>Who had a tag.</summary>
/// <param name="Number">Grows with every grant.</param>
/// <param name="VmId">The VM's id: VMs that had the name one after the other are told apart by it.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Container">The container; absent when it was reserved.</param>
/// <param name="ContainerId">That container's id.</param>
/// <param name="Owner">The reservation's key; absent when a container drew the tag itself.</param>
/// <param name="Lease">The grant's id.</param>
/// <param name="From">When it was granted.</param>
/// <param name="Until">When everybody had confirmed its end; absent while it is held.</param>
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
