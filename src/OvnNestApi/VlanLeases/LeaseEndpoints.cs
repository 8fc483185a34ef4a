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
                "The server chooses: tags never used first, then the ones free longest. Several: all or none, answered as `items`. The same owner again has the same lease."
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

    internal static async Task<Results<JsonResult<ListView<LeaseView>>, ProblemResult>> ListAsync(
        string vm,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        CancellationToken ct
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
            return (ProblemResult)problem;
        }

        if (await FindVmAsync(db, vm, ct) is not { } id)
        {
            return (ProblemResult)Problem.NotFound("vm", vm);
        }

        var leases = Expiry
            .Leases(db)
            .Where(l => l.VmId == id && l.Tag > after && (state == null || l.State == state) && (owner == null || l.Owner == owner));
        var items = await reading.ViewsAsync(db, vm, leases.OrderBy(l => l.Tag).Take(limit + 1), ct);
        var next = items.Count > limit ? items[limit - 1].Status.Tag.ToString(CultureInfo.InvariantCulture) : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<LeaseView>>(new(items.Take(limit).ToList(), next));
    }

    internal static async Task<Results<JsonResult<LeaseView>, ProblemResult>> GetAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        CancellationToken ct
    ) =>
        await FindAsync(db, reading, vm, tag, ct) is { } view
            ? Answer(context, view, StatusCodes.Status200OK)
            : (ProblemResult)Problem.NotFound("vlan-lease", tag);

    internal static async Task<Results<JsonResult<LeaseView>, JsonResult<LeasesView>, ProblemResult>> PostAsync(
        string vm,
        HttpContext context,
        NestDb db,
        Signals signals,
        CancellationToken ct
    )
    {
        var (spec, dryRun, problem) = await ReadAsync(context, ct);
        var (leases, isNew) = (new List<VlanLease>(), false);
        problem ??= await WriteTransaction.RunAsync(
            db,
            async token =>
            {
                (leases, isNew, var refused) = await Reservations.PostAsync(db, vm, spec, token);
                return refused;
            },
            ct,
            dryRun
        );
        if (problem is not null)
        {
            return (ProblemResult)problem;
        }

        signals.Logged();
        var views = leases.ConvertAll(lease => LeaseReader.View(vm, lease, []));
        var status = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return spec.Count > 1 ? new JsonResult<LeasesView>(new(views), status) : Answer(context, views[0], status);
    }

    internal static async Task<Results<JsonResult<LeaseView>, ProblemResult>> PutAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        Signals signals,
        CancellationToken ct
    )
    {
        if (!TryParse(tag, out var number))
        {
            return (ProblemResult)Problem.NotFound("vlan-lease", tag);
        }

        var (spec, dryRun, problem) = await ReadAsync(context, ct);
        problem ??= spec.Count is null ? null : Problem.ValidationFailed("#/spec/count", "is for POST: this URL is one tag");
        var (lease, isNew) = ((VlanLease?)null, false);
        problem ??= await WriteTransaction.RunAsync(
            db,
            async token =>
            {
                (lease, isNew, var refused) = await Reservations.PutAsync(db, vm, number, spec, Conditional.Of(context.Request), token);
                return refused;
            },
            ct,
            dryRun
        );
        if (problem is not null || lease is null)
        {
            return (ProblemResult)(problem ?? Problem.Internal());
        }

        signals.Logged();
        return Answer(context, LeaseReader.View(vm, lease, []), isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    internal static async Task<Results<JsonResult<LeaseView>, NoContent, ProblemResult>> DeleteAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        LeaseReader reading,
        Settlement settlement,
        Signals signals,
        CancellationToken ct
    )
    {
        var (options, problem) = WriteOptions.Of(context);
        var isTag = TryParse(tag, out var number);
        problem ??= isTag ? null : Problem.NotFound("vlan-lease", tag);
        LeaseView? left = null;
        problem ??= await WriteTransaction.RunAsync(
            db,
            async token =>
            {
                if (
                    await Reservations.DeleteAsync(db, settlement, vm, number, Conditional.Of(context.Request), options.Force, token) is
                    { } refused
                )
                {
                    return refused;
                }

                left = (await ViewAsync(db, reading, vm, [number], token)).FirstOrDefault();
                return null;
            },
            ct,
            options.DryRun
        );
        if (problem is not null)
        {
            return problem.Status == StatusCodes.Status404NotFound && options.AllowMissing
                ? TypedResults.NoContent()
                : (ProblemResult)problem;
        }

        signals.Written(db);
        return left is null ? TypedResults.NoContent() : Answer(context, left, StatusCodes.Status202Accepted);
    }

    private static async Task<(LeaseSpec Spec, bool DryRun, Problem? Problem)> ReadAsync(
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var dryRun = query.Flag("dryRun");
        var (body, problem) = await JsonBody.ReadAsync<LeaseBody>(context.Request, cancellationToken);
        return (body?.Spec ?? new(), dryRun, problem ?? query.Problem);
    }

    private static JsonResult<LeaseView> Answer(HttpContext context, LeaseView view, int status)
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
        return await FindVmAsync(db, vm, cancellationToken) is { } id
            ? await reading.ViewsAsync(db, vm, (among ?? db.VlanLeases).Where(l => l.VmId == id && tags.Contains(l.Tag)), cancellationToken)
            : [];
    }

    internal static Task<Guid?> FindVmAsync(NestDb db, string vm, CancellationToken cancellationToken) =>
        db
            .Vms.Where(v => v.Name == vm)
            .OrderBy(v => v.DeletingSince != null)
            .ThenByDescending(v => v.CreatedAt)
            .Select(v => (Guid?)v.Id)
            .FirstOrDefaultAsync(cancellationToken);

    private static bool TryParse(string text, out int tag) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out tag)
        && tag is >= VlanRanges.Lowest and <= VlanRanges.Highest
        && text[0] != '0';
}
