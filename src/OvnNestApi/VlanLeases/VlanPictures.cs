using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;

namespace OvnNestApi.VlanLeases;

/// <summary>All tags of a VM at a glance, and who had them.</summary>
internal static class VlanPictures
{
    public static void MapVlanPictures(this IEndpointRouteBuilder api)
    {
        api.MapRead("/vms/{vm}/vlan-map", MapAsync).WithTags("VLAN leases").Takes()
            .Describe("get-vlan-map", "Every tag of a VM and its state", "Tags that are not free one by one, free ones as ranges.");
        api.MapRead("/vms/{vm}/vlan-history", HistoryAsync).WithTags("VLAN leases")
            .Takes(new("tag", "Only this tag.", "integer"), new("limit", "Items of a page, 1 to 1000; default 100.", "integer"), new("cursor", "The `next` of the page before."))
            .Describe("list-vlan-history", "Who had which tag, from when to when", "The latest first. It is kept beyond the container and the VM.");
    }

    internal static async Task<Results<JsonResult<VlanMap>, ProblemResult>> MapAsync(string vm, NestDb db, CancellationToken ct)
    {
        if (await LeaseEndpoints.FindVmAsync(db, vm, ct) is not { } id)
        {
            return (ProblemResult)Problems.NotFound("vm", vm);
        }

        var text = await db.Vms.Where(v => v.Id == id).Select(v => v.VlanRanges).SingleAsync(ct);
        var leases = await db.VlanLeases.Where(l => l.VmId == id).OrderBy(l => l.Tag)
            .Select(l => new VlanMapEntry(l.Tag, l.State, l.ContainerName, l.Owner, l.Since)).ToListAsync(ct);
        var ranges = VlanRanges.Parse(text);
        var taken = leases.Select(l => l.Tag).ToHashSet();
        var free = ranges.Ranges.SelectMany(r => Enumerable.Range(r.Low, r.High - r.Low + 1)).Where(tag => !taken.Contains(tag)).ToList();
        var counts = Enum.GetValues<LeaseState>().ToDictionary(Reservations.Word, state => leases.Count(l => l.State == state));
        counts["free"] = free.Count;
        return new JsonResult<VlanMap>(new(vm, text, counts, leases, VlanRanges.TryParse(string.Join(',', free), out var left) ? left.ToString() : ""));
    }

    internal static async Task<Results<JsonResult<ListView<TenureView>>, ProblemResult>> HistoryAsync(string vm, HttpContext context, NestDb db, CancellationToken ct)
    {
        var query = new Query(context.Request);
        var tag = query.Number("tag", VlanRanges.Lowest, VlanRanges.Highest, 0);
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var before = query.Value<long>("cursor", long.TryParse, "the next of a page") ?? long.MaxValue;
        if (query.Problem is { } problem)
        {
            return (ProblemResult)problem;
        }

        var items = await db.VlanHistory.Where(t => t.VmName == vm && t.Id < before && (tag == 0 || t.Tag == tag)).OrderByDescending(t => t.Id).Take(limit + 1)
            .Select(t => new TenureView(t.Id, t.Tag, t.ContainerName, t.ContainerId, t.Owner, t.LeaseId, t.From, t.Until)).ToListAsync(ct);
        if (items.Count == 0 && await LeaseEndpoints.FindVmAsync(db, vm, ct) is null)
        {
            return (ProblemResult)Problems.NotFound("vm", vm);
        }

        var next = items.Count > limit ? $"{items[limit - 1].Number}" : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<TenureView>>(new(items.Take(limit).ToList(), next));
    }
}

/// <summary>All tags of a VM.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Ranges">The tags that may be chosen.</param>
/// <param name="Counts">How many tags are reserved, bound, draining, cooling, free.</param>
/// <param name="Tags">Those that are not free.</param>
/// <param name="Free">Those that are, as ranges; empty when none is.</param>
public sealed record VlanMap(string Vm, string Ranges, IReadOnlyDictionary<string, int> Counts, IReadOnlyList<VlanMapEntry> Tags, string Free);

/// <summary>A tag that is not free.</summary>
public sealed record VlanMapEntry(int Tag, LeaseState State, string? Container, string? Owner, DateTimeOffset Since);

/// <summary>Who had a tag.</summary>
/// <param name="Number">Grows with every grant.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Container">The container; absent when it was reserved.</param>
/// <param name="ContainerId">That container's id.</param>
/// <param name="Owner">The reservation's key; absent when a container drew the tag itself.</param>
/// <param name="Lease">The grant's id.</param>
/// <param name="From">When it was granted.</param>
/// <param name="Until">When everybody had confirmed its end; absent while it is held.</param>
public sealed record TenureView(
    long Number, int Tag, string? Container, Guid? ContainerId, string? Owner, Guid Lease, DateTimeOffset From, DateTimeOffset? Until);
