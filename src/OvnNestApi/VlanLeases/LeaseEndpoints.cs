using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Handlers of the requests for leases.</summary>
internal static class LeaseEndpoints
{
    private const string TagRule = "The VLAN tag in the URL is not valid: a whole number from 1 to 4094 is expected.";

    internal static async Task<Reply<JsonResult<ListView<LeaseView>>>> ListAsync(
        string vm,
        HttpContext context,
        NestDb db,
        LeaseReader reader,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var after = query.Number("cursor", 0, VlanRanges.Highest, 0);
        var state = query.Value<LeaseState>(
            "state",
            (string? text, out LeaseState parsed) =>
                Enum.TryParse(text, ignoreCase: true, out parsed) && Reservations.StateName(parsed) == text,
            "reserved, bound, draining or cooling"
        );
        var owner = query.Text("owner");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (await LeaseReader.FindVmAsync(db, vm, cancellationToken) is not { } id)
        {
            return Problem.NotFound("VM", vm);
        }

        var leases = Expiry
            .Leases(db)
            .Where(l => l.VmId == id && l.Tag > after && (state == null || l.State == state) && (owner == null || l.Owner == owner));
        var items = await reader.ViewsAsync(db, vm, leases.OrderBy(l => l.Tag).Take(limit + 1), cancellationToken);
        var next = items.Count > limit ? items[limit - 1].Status.Tag.ToString(CultureInfo.InvariantCulture) : null;
        Paging.Link(context, next);
        return new JsonResult<ListView<LeaseView>>(new(items.Take(limit).ToList(), next));
    }

    internal static async Task<Reply<JsonResult<LeaseView>>> GetAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        LeaseReader reader,
        CancellationToken cancellationToken
    ) =>
        TryParse(tag, out var number) && await ViewAsync(db, reader, Expiry.Leases(db), vm, number, cancellationToken) is { } view
            ? Result(context, view, StatusCodes.Status200OK)
            : Missing(vm, tag);

    internal static async Task<Reply<JsonResult<LeaseView>, JsonResult<LeasesView>>> PostAsync(
        string vm,
        HttpContext context,
        NestDb db,
        Transactions transactions,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!ResourceName.IsValid(vm))
        {
            return Problem.InvalidName("VM", pointer: null);
        }

        if (!(await ReadAsync(context, isPost: true, cancellationToken)).TryGet(out var request, out var problem))
        {
            return problem;
        }

        var (spec, dryRun, key) = request;
        var answer = await transactions.RunOnceAsync(
            db,
            key,
            async token => ReservedLeases.Of(vm, await Reservations.PostAsync(db, vm, spec, token)),
            dryRun,
            cancellationToken
        );
        if (!answer.TryGet(out var reserved, out problem))
        {
            return problem;
        }

        if (!dryRun)
        {
            signals.Logged();
        }

        var status = reserved.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return spec.Count > 1 ? new JsonResult<LeasesView>(new(reserved.Leases), status) : Result(context, reserved.Leases[0], status);
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
        if (!NewLease(vm, tag).TryGet(out var number, out var invalid))
        {
            return invalid;
        }

        if (!(await ReadAsync(context, isPost: false, cancellationToken)).TryGet(out var request, out invalid))
        {
            return invalid;
        }

        var (spec, dryRun, _) = request;
        var answer = await transactions.RunAsync(
            db,
            token => Reservations.PutAsync(db, vm, number, spec, Conditional.Of(context.Request), token),
            dryRun,
            cancellationToken
        );
        if (!answer.TryGet(out var granted, out var problem))
        {
            return problem;
        }

        if (!dryRun)
        {
            signals.Logged();
        }

        return Result(
            context,
            LeaseReader.View(vm, granted.Leases[0], []),
            granted.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK
        );
    }

    internal static async Task<Reply<JsonResult<LeaseView>, NoContent>> DeleteAsync(
        string vm,
        string tag,
        HttpContext context,
        NestDb db,
        Transactions transactions,
        LeaseReader reader,
        Settlement settlement,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!WriteOptions.Of(context).TryGet(out var options, out var invalid))
        {
            return invalid;
        }

        var condition = Conditional.Of(context.Request);
        var answer = TryParse(tag, out var number)
            ? await transactions.RunAsync(
                db,
                token => ReleaseAsync(db, settlement, reader, vm, number, condition, options.Force, token),
                options.DryRun,
                cancellationToken
            )
            : Missing(vm, tag);
        if (!answer.TryGet(out var lease, out var problem))
        {
            return problem.Status == StatusCodes.Status404NotFound && options.AllowMissing ? TypedResults.NoContent() : problem;
        }

        if (!options.DryRun)
        {
            signals.Written(db);
        }

        return lease is null ? TypedResults.NoContent() : Result(context, lease, StatusCodes.Status202Accepted);
    }

    /// <summary>Releases the lease and returns its view; null if the tag is free.</summary>
    private static async Task<Answer<LeaseView?>> ReleaseAsync(
        NestDb db,
        Settlement settlement,
        LeaseReader reader,
        string vm,
        int tag,
        Conditional condition,
        bool force,
        CancellationToken cancellationToken
    )
    {
        if (await Reservations.DeleteAsync(db, settlement, vm, tag, condition, force, cancellationToken) is { } problem)
        {
            return problem;
        }

        await db.SaveChangesAsync(cancellationToken);
        return await ViewAsync(db, reader, db.VlanLeases, vm, tag, cancellationToken);
    }

    private static async Task<Answer<LeaseRequest>> ReadAsync(HttpContext context, bool isPost, CancellationToken cancellationToken)
    {
        var query = new Query(context.Request);
        var dryRun = query.Flag("dryRun");
        IdempotencyKey? key = null;
        if (
            !(await JsonBody.ReadAsync(context.Request, JsonBody.Json, cancellationToken)).TryGet(out var json, out var problem)
            || !StrictJson.Read<LeaseBody>(json).TryGet(out var body, out problem)
            || (isPost && !IdempotencyKey.Of(context, [json], dryRun).TryGet(out key, out problem))
        )
        {
            return problem;
        }

        if (query.Problem is { } invalid)
        {
            return invalid;
        }

        return body.Spec is { Count: not null } && !isPost
            ? Problem.ValidationFailed("#/spec/count", "is allowed with POST only, because this URL is one tag")
            : new LeaseRequest(body.Spec ?? new(), dryRun, key);
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

    private static async Task<LeaseView?> ViewAsync(
        NestDb db,
        LeaseReader reader,
        IQueryable<VlanLease> leases,
        string vm,
        int tag,
        CancellationToken cancellationToken
    ) =>
        await LeaseReader.FindVmAsync(db, vm, cancellationToken) is { } id
            ? (await reader.ViewsAsync(db, vm, leases.Where(l => l.VmId == id && l.Tag == tag), cancellationToken)).FirstOrDefault()
            : null;

    /// <summary>Returns the tag of a URL that reserves it, or 400 if the name of the VM or the tag is not valid.</summary>
    private static Answer<int> NewLease(string vm, string tag)
    {
        if (!ResourceName.IsValid(vm))
        {
            return Problem.InvalidName("VM", pointer: null);
        }

        return TryParse(tag, out var number) ? number : Problem.ValidationFailed(pointer: null, TagRule);
    }

    /// <summary>Returns 404 with the reason why the URL has no lease.</summary>
    private static Problem Missing(string vm, string tag)
    {
        if (!ResourceName.IsValid(vm))
        {
            return Problem.NotFound("VM", vm);
        }

        return Problem.NotFound(TryParse(tag, out _) ? $"Tag {tag} of {vm} is not leased, or the VM does not exist." : TagRule);
    }

    private static bool TryParse(string text, out int tag) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out tag)
        && tag is >= VlanRanges.Lowest and <= VlanRanges.Highest
        && text[0] != '0';

    private readonly record struct LeaseRequest(LeaseSpec Spec, bool DryRun, IdempotencyKey? Key);
}
