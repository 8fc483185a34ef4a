using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Leases as objects of their own: reserve ahead, renew, give back.</summary>
internal static class LeaseEndpoints
{
    private const string Example = """{"spec":{"owner":"web-1","ttl":"30m"}}""";

    public static void MapVlanLeases(this IEndpointRouteBuilder api)
    {
        var leases = api.MapGroup("/vms/{vm}/vlan-leases").WithTags("VLAN leases");
        leases
            .MapRead("/", ListAsync)
            .Takes(
                new("limit", "Items of a page, 1 to 1000; default 100.", "integer"),
                new("cursor", "The `next` of the page before."),
                new("state", "Only reserved, bound, draining or cooling ones."),
                new("owner", "Only the lease of this owner.")
            )
            .Describe(
                "list-vlan-leases",
                "List a VM's leased tags",
                "Every tag of the VM that is not free, in the order of the tags: who has it, since when, and what it waits for."
            );
        leases.MapRead("/{tag}", GetAsync).Takes().Describe("get-vlan-lease", "Read the lease of a tag", "404 when the tag is free.");
        leases
            .MapPost("/", PostAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(DryRun)
            .TakesBody<LeaseBody>(JsonBody.Json, Example)
            .Describe(
                "reserve-vlan-tags",
                "Reserve tags",
                "The server chooses: tags never used first, then the ones free longest. Several: all or none, answered as "
                    + "`items`. The same owner again has the same lease."
            );
        leases
            .MapPut("/{tag}", PutAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(DryRun)
            .TakesBody<LeaseBody>(JsonBody.Json, Example)
            .Describe(
                "put-vlan-lease",
                "Reserve a given tag, or renew",
                "A tag that somebody else has is a conflict that tells who has it."
            );
        leases
            .MapDelete("/{tag}", DeleteAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(
                DryRun,
                new("force", "End draining and cooling: an admin's word that no host uses the tag.", "boolean"),
                new("allowMissing", "Answer 204 when there is no such lease.", "boolean")
            )
            .Describe("delete-vlan-lease", "Give a tag back", "204 when it is free at once; 202 while hosts have yet to confirm.");
    }

    private static QueryParameter DryRun => new("dryRun", "Same checks, same answer, nothing stored.", "boolean");

    internal static async Task<Reply<JsonResult<ListView<LeaseView>>>> ListAsync(
        string vm,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var after = query.Number("cursor", 0, VlanRanges.Highest, 0);
        var state = query.Value<LeaseState>(
            "state",
            (string? text, out LeaseState parsed) => Enum.TryParse(text, ignoreCase: true, out parsed) && Reservations.Word(parsed) == text,
            "reserved, bound, draining or cooling"
        );
        var owner = query.Text("owner");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (await LeaseReader.FindVmAsync(db, vm, cancellationToken) is not { } id)
        {
            return Problem.NotFound("vm", vm);
        }

        var leases = Expiry
            .Leases(db)
            .Where(l => l.VmId == id && l.Tag > after && (state == null || l.State == state) && (owner == null || l.Owner == owner));
        var items = await reading.ViewsAsync(db, vm, leases.OrderBy(l => l.Tag).Take(limit + 1), cancellationToken);
        var next = items.Count > limit ? items[limit - 1].Status.Tag.ToString(CultureInfo.InvariantCulture) : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<LeaseView>>(new(items.Take(limit).ToList(), next));
    }

    internal static async Task<Reply<JsonResult<LeaseView>>> GetAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        CancellationToken cancellationToken
    ) =>
        await FindAsync(db, reading, vm, tag, cancellationToken) is { } view
            ? Result(context, view, StatusCodes.Status200OK)
            : Problem.NotFound("vlan-lease", tag);

    internal static async Task<Reply<JsonResult<LeaseView>, JsonResult<LeasesView>>> PostAsync(
        string vm,
        HttpContext context,
        NestDb db,
        Transactions transactions,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!(await ReadAsync(context, cancellationToken)).TryGet(out var request, out var invalid))
        {
            return invalid;
        }

        var (spec, dryRun) = request;
        var answer = await transactions.RunAsync(db, token => Reservations.PostAsync(db, vm, spec, token), cancellationToken, dryRun);
        if (!answer.TryGet(out var granted, out var problem))
        {
            return problem;
        }

        if (!dryRun)
        {
            signals.Logged();
        }

        var views = granted.Leases.Select(lease => LeaseReader.View(vm, lease, [])).ToList();
        var status = granted.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return spec.Count > 1 ? new JsonResult<LeasesView>(new(views), status) : Result(context, views[0], status);
    }

    internal static async Task<Reply<JsonResult<LeaseView>>> PutAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        Transactions transactions,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!TryParse(tag, out var number))
        {
            return Problem.NotFound("vlan-lease", tag);
        }

        if (!(await ReadAsync(context, cancellationToken)).TryGet(out var request, out var invalid))
        {
            return invalid;
        }

        var (spec, dryRun) = request;
        if (spec.Count is not null)
        {
            return Problem.ValidationFailed("#/spec/count", "is for POST: this URL is one tag");
        }

        var answer = await transactions.RunAsync(
            db,
            token => Reservations.PutAsync(db, vm, number, spec, Conditional.Of(context.Request), token),
            cancellationToken,
            dryRun
        );
        if (!answer.TryGet(out var granted, out var problem))
        {
            return problem;
        }

        if (!dryRun)
        {
            signals.Logged();
        }

        var status = granted.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return Result(context, LeaseReader.View(vm, granted.Leases[0], []), status);
    }

    internal static async Task<Reply<JsonResult<LeaseView>, NoContent>> DeleteAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        Transactions transactions,
        LeaseReader reading,
        Settlement settlement,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!WriteOptions.Of(context).TryGet(out var options, out var invalid))
        {
            return invalid;
        }

        var answer = TryParse(tag, out var number)
            ? await transactions.RunAsync<LeaseView?>(
                db,
                async token =>
                    await Reservations.DeleteAsync(db, settlement, vm, number, Conditional.Of(context.Request), options.Force, token)
                        is { } refused
                        ? refused
                        : (await ViewAsync(db, reading, vm, [number], token)).FirstOrDefault(),
                cancellationToken,
                options.DryRun
            )
            : Problem.NotFound("vlan-lease", tag);
        if (!answer.TryGet(out var left, out var problem))
        {
            return problem.Status == StatusCodes.Status404NotFound && options.AllowMissing ? TypedResults.NoContent() : problem;
        }

        if (!options.DryRun)
        {
            signals.Written(db);
        }

        return left is null ? TypedResults.NoContent() : Result(context, left, StatusCodes.Status202Accepted);
    }

    private static async Task<Answer<LeaseRequest>> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var query = new Query(context.Request);
        var dryRun = query.Flag("dryRun");
        if (!(await JsonBody.ReadAsync<LeaseBody>(context.Request, cancellationToken)).TryGet(out var body, out var problem))
        {
            return problem;
        }

        return query.Problem is { } invalid ? invalid : new LeaseRequest(body.Spec ?? new(), dryRun);
    }

    private static JsonResult<LeaseView> Result(HttpContext context, LeaseView view, int status)
    {
        context.Response.Headers.ETag = Conditional.ETag(view.Metadata.Id, view.Metadata.Revision);
        if (status != StatusCodes.Status200OK)
        {
            context.Response.Headers.Location = string.Create(
                CultureInfo.InvariantCulture,
                $"/v1/vms/{view.Metadata.Vm}/vlan-leases/{view.Status.Tag}"
            );
        }

        return new(view, status);
    }

    private static async Task<LeaseView?> FindAsync(
        NestDb db,
        LeaseReader reading,
        string vm,
        string tag,
        CancellationToken cancellationToken
    ) =>
        TryParse(tag, out var number)
            ? (await ViewAsync(db, reading, vm, [number], cancellationToken, Expiry.Leases(db))).FirstOrDefault()
            : null;

    private static async Task<List<LeaseView>> ViewAsync(
        NestDb db,
        LeaseReader reading,
        string vm,
        IReadOnlyList<int> tags,
        CancellationToken cancellationToken,
        IQueryable<VlanLease>? among = null
    )
    {
        await db.SaveChangesAsync(cancellationToken);
        return await LeaseReader.FindVmAsync(db, vm, cancellationToken) is { } id
            ? await reading.ViewsAsync(db, vm, (among ?? db.VlanLeases).Where(l => l.VmId == id && tags.Contains(l.Tag)), cancellationToken)
            : [];
    }

    private static bool TryParse(string text, out int tag) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out tag)
        && tag is >= VlanRanges.Lowest and <= VlanRanges.Highest
        && text[0] != '0';

    private readonly record struct LeaseRequest(LeaseSpec Spec, bool DryRun);
}
