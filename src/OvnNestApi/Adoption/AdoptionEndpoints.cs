using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using OvnNestApi.Http;
using OvnNestApi.Manifests;
using OvnNestApi.Northbound;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>Lists ports that were made by hand, and adopts them.</summary>
internal static class AdoptionEndpoints
{
    private const int MaxBody = 32 * 1024 * 1024;

    private const string Example = """
        {
          "items": [
            {
              "kind": "network", "name": "dmz",
              "spec": { "subnet": "172.16.255.128/26", "gateway": "172.16.255.129", "switch": { "name": "dmz", "existing": true } }
            },
            {
              "kind": "vm", "name": "vm5", "row": "0b5b4a47-0f0f-4d5c-8b0e-6d0c5d6a0f11",
              "spec": { "network": "dmz", "host": "ubuntu2", "portName": "dmz-vm5", "mac": "02:ac:10:ff:01:32", "ip": "172.16.255.132" }
            },
            {
              "kind": "container", "vm": "vm5", "name": "c51", "row": "ea604369-14a9-4e25-998f-ec99c2e7e47e",
              "spec": { "portName": "dmz-c51", "mac": "02:ac:10:ff:01:33", "ip": "172.16.255.133", "vlan": 51 }
            }
          ]
        }
        """;

    public static void MapAdoptions(this IEndpointRouteBuilder api)
    {
        var adoptions = api.MapGroup("/adoptions").WithTags("Adoptions");
        adoptions
            .MapRead("/", ListAsync)
            .Takes(
                new("limit", $"Maximum number of items, 1-{HttpLimits.Page}; default {HttpLimits.DefaultPage}.", "integer"),
                new("cursor", "`next` of the previous page."),
                new("switch", "Only ports of the logical switch with this name."),
                new("claimSwitches", "Propose networks that take over switches and DHCP options, if nothing is lost.", "boolean")
            )
            .Produces<AdoptionList>()
            .Describe(
                "list-adoptions",
                "List what can be adopted",
                "Reads the northbound database and returns, for every port of a VM or container without an owner mark of this service, the "
                    + "resource that would take it over, and every defect of the port. Networks on switches of others are proposed with an "
                    + "existing switch; with `claimSwitches` the network takes the switch over. Edit the items and post them."
            );
        adoptions
            .MapPost("/", AdoptAsync)
            .RequireAuthorization(Policies.Admin)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .Takes(
                new("wait", "Hold the response until all resources are ready, at most for this time (such as 30s; maximum 60s). Else 202."),
                new("dryRun", "Check and respond as usual, with the `plan` of what would be done, but store nothing.", "boolean")
            )
            .TakesHeader(IdempotencyKey.Header, IdempotencyKey.Description)
            .TakesBody<AdoptionBody>(JsonBody.Json, Example)
            .Produces<AppliedManifest>()
            .Produces<AppliedManifest>(StatusCodes.Status202Accepted)
            .Describe(
                "adopt",
                "Adopt ports that were made by hand",
                "Creates the resources of the items in one transaction, all or none. A resource with a `row` takes it over: the row keeps "
                    + "its UUID, and what it lacks is added in place, so that traffic goes on. What the row has must be in the spec. On "
                    + "the host, the agent takes over the bridge, ports, devices and namespaces of the names in the spec. At most 32 MiB."
            );
    }

    internal static async Task<Reply<JsonResult<AdoptionList>>> ListAsync(
        HttpContext context,
        NestDb db,
        NorthboundReader northbound,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var limit = query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage);
        var (name, claims, cursor) = (query.Text("switch"), query.Flag("claimSwitches"), query.Text("cursor"));
        var after = cursor is null ? "" : ReadCursor(cursor);
        if ((query.Problem ?? (after is null ? Problem.CursorInvalid() : null)) is { } problem)
        {
            return problem;
        }

        if (!(await SurveyAsync(db, northbound, cancellationToken)).TryGet(out var survey, out problem))
        {
            return problem;
        }

        var page = new Proposals(survey, claims)
            .All(name)
            .Where(one => string.CompareOrdinal(one.Key, after) > 0)
            .OrderBy(one => one.Key, StringComparer.Ordinal)
            .Take(limit + 1)
            .ToList();
        var next = page.Count > limit ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(page[limit - 1].Key)) : null;
        Paging.Link(context, next);
        return new JsonResult<AdoptionList>(new([.. page.Take(limit).Select(one => one.Item())], next));
    }

    internal static async Task<Reply<JsonResult<AppliedManifest>>> AdoptAsync(
        HttpContext context,
        NestDb db,
        ResourceKinds kinds,
        ReconciledKinds reconciled,
        NorthboundReader northbound,
        ManifestStore store,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (wait, dryRun) = (query.Duration("wait"), query.Flag("dryRun"));
        if (
            query.Problem is { } problem
            || !(await ReadBodyAsync(context.Request, cancellationToken)).TryGet(out var body, out problem)
            || !AdoptionRequest.Read(kinds, body).TryGet(out var submissions, out problem)
            || !IdempotencyKey.Of(context, [body], dryRun).TryGet(out var key, out problem)
            || !(await SurveyAsync(db, northbound, cancellationToken)).TryGet(out var survey, out problem)
        )
        {
            return problem;
        }

        var options = new ManifestOptions(wait, dryRun, null, key)
        {
            Check = new AdoptionCheck(db, reconciled, survey, northbound.Ownership).RunAsync,
        };
        if (!(await store.ApplyAsync(submissions, options, cancellationToken)).TryGet(out var result, out problem))
        {
            return problem;
        }

        var status = result.IsInTime ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        return new JsonResult<AppliedManifest>(result.Applied, status);
    }

    private static async Task<Answer<Survey>> SurveyAsync(NestDb db, NorthboundReader northbound, CancellationToken cancellationToken)
    {
        if (!(await northbound.ReadAsync(cancellationToken)).TryGet(out var replica, out var problem))
        {
            return problem;
        }

        var content = new NorthboundContent(replica);
        return new Survey(content, await StoredParts.ReadAsync(db, content, cancellationToken));
    }

    private static async Task<Answer<JsonElement>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!JsonBody.IsOf(request, JsonBody.Json))
        {
            return Problem.UnsupportedMediaType(JsonBody.WantsJson);
        }

        return (await JsonBody.ReadBytesAsync(request, MaxBody, cancellationToken)).TryGet(out var utf8, out var problem)
            ? JsonBody.Parse(utf8)
            : problem;
    }

    /// <summary>Returns the sort key in a cursor; null if the cursor is not valid.</summary>
    private static string? ReadCursor(string cursor)
    {
        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) is ['0' or '1' or '2', ' ', ..] and var key ? key : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
