using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using OvnNestApi.Changes;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;

namespace OvnNestApi.Manifests;

/// <summary>Applies and exports many resources with one request.</summary>
internal static class ManifestEndpoints
{
    /// <summary>Maximum size of a manifest in bytes: 32 MiB.</summary>
    private const int MaxBody = 32 * 1024 * 1024;

    private const string Example = """
        {
          "items": [
            { "kind": "network", "name": "dmz", "spec": { "subnet": "172.16.255.128/26" } },
            { "kind": "vm", "name": "vm5", "spec": { "network": "dmz" } },
            { "kind": "container", "vm": "vm5", "name": "c51", "labels": { "app": "web" }, "spec": { "vlan": 51 } }
          ]
        }
        """;

    public static void MapManifests(this IEndpointRouteBuilder api)
    {
        var manifests = api.MapGroup("/manifests").WithTags("Manifests");
        MapApply(manifests);
        MapExport(manifests);
    }

    private static void MapApply(RouteGroupBuilder manifests) =>
        manifests
            .MapPost("/", ApplyAsync)
            .RequireAuthorization(Policies.Write)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .Takes(
                new QueryParameter(
                    "wait",
                    "Hold the response until all resources are ready and the deleted ones are gone, at most for this time (such as 30s; "
                        + "maximum 60s). 200 in time, else 202."
                ),
                new QueryParameter(
                    "dryRun",
                    "Check and respond as usual, with the `plan` of what would be done, but store nothing.",
                    "boolean"
                ),
                new QueryParameter(
                    "prune",
                    "Delete the resources of all kinds that have all of these labels (a comma-separated list of key=value or key) and are "
                        + "not in the manifest."
                )
            )
            .TakesHeader(IdempotencyKey.Header, $"{IdempotencyKey.Description} With `wait`, a repeated request waits again.")
            .TakesBody<ManifestBody>(JsonBody.Json, Example, Representations.Yaml)
            .Produces<AppliedManifest>()
            .Produces<AppliedManifest>(StatusCodes.Status202Accepted)
            .Describe(
                "apply-manifest",
                "Create or replace many resources",
                "Creates or replaces the resources of the manifest in one transaction, all or none, in any order; they can refer to each "
                    + "other, and can exchange addresses, tags and names. The body is JSON, or YAML with `Content-Type: application/yaml`: "
                    + "documents with `items`, or with one resource each. At most 32 MiB. Pointers of errors count the items of all "
                    + "documents. Resources that are not in the manifest stay, unless `prune` selects them."
            );

    private static void MapExport(RouteGroupBuilder manifests) =>
        manifests
            .MapRead("/", ExportAsync)
            .Offers(Representations.Json, Representations.Yaml)
            .Takes(
                new QueryParameter("kind", "Only resources of this kind: {kinds}."),
                new QueryParameter("vm", "Only this VM and its containers. The manifest is empty if the VM does not exist."),
                new QueryParameter("label", "Only resources with all of these labels: a comma-separated list of key=value or key."),
                new QueryParameter(
                    "at",
                    "Cursor of the change log: export the resources as they were at that moment. Without it, as they are now."
                )
            )
            .Produces<ManifestBody>()
            .Describe(
                "export-manifest",
                "Export resources as a manifest",
                "Returns the requested state of the resources that are not being deleted, in a form that POST accepts, as JSON or, with "
                    + "`Accept: application/yaml`, as YAML. Posting an earlier state back restores it; resources that were created since "
                    + "then stay. Reservations of tags are not part of it: reserve them again before you post a container with `lease`."
            );

    internal static async Task<Reply<JsonResult<AppliedManifest>>> ApplyAsync(
        HttpContext context,
        ResourceKinds kinds,
        ManifestStore store,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (wait, dryRun, prune) = (query.Duration("wait"), query.Flag("dryRun"), query.Selector("prune"));
        if (
            (query.Problem ?? RefuseConditions(context.Request)) is { } problem
            || !(await ReadBodyAsync(context.Request, cancellationToken)).TryGet(out var documents, out problem)
            || !Manifest.Read(kinds, documents).TryGet(out var submissions, out problem)
            || !IdempotencyKey.Of(context, documents, dryRun).TryGet(out var key, out problem)
            || !(await store.ApplyAsync(submissions, new(wait, dryRun, prune, key), cancellationToken)).TryGet(out var result, out problem)
        )
        {
            return problem;
        }

        return new JsonResult<AppliedManifest>(result.Applied, result.IsInTime ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    /// <summary>A header cannot say to which of many resources it applies, and to ignore it would overwrite changes.</summary>
    private static Problem? RefuseConditions(HttpRequest request) =>
        request.Headers.IfMatch.Count + request.Headers.IfNoneMatch.Count == 0
            ? null
            : Problem.InvalidParameter(
                "A manifest takes neither If-Match nor If-None-Match. "
                    + "Put the metadata.id and metadata.revision that you have read into its items."
            );

    internal static async Task<Reply<ManifestExport>> ExportAsync(
        HttpContext context,
        ResourceKinds kinds,
        ChangeReader changes,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var filter = new ManifestFilter(query.Text("kind"), query.Name("vm"), query.Selector("label"));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (filter.Kind is { } kind && kinds.All.All(one => one.Name != kind))
        {
            return Problem.InvalidParameter($"kind must be one of {string.Join(", ", kinds.All.Select(one => one.Name))}.");
        }

        long? at = null;
        if (query.Text("at") is { } cursor)
        {
            if (!(await changes.StartAsync(cursor, cancellationToken)).TryGet(out var from, out problem))
            {
                return problem;
            }

            at = from.Number;
        }

        var isYaml = Representations.Of(context).Choose(context.Request) == Representations.Yaml;
        return new ManifestExport(filter, at, isYaml);
    }

    private static async Task<Answer<List<JsonElement>>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var isYaml = JsonBody.IsOf(request, Representations.Yaml);
        if (!isYaml && !JsonBody.IsOf(request, JsonBody.Json))
        {
            return Problem.UnsupportedMediaType(
                $"Send the manifest with Content-Type: {JsonBody.Json} (with curl: --json @file) or {Representations.Yaml}."
            );
        }

        if (!(await JsonBody.ReadBytesAsync(request, MaxBody, cancellationToken)).TryGet(out var utf8, out var problem))
        {
            return problem;
        }

        if (isYaml)
        {
            return YamlJson.Read(utf8, MaxBody);
        }

        return JsonBody.Parse(utf8).TryGet(out var json, out problem) ? new List<JsonElement> { json } : problem;
    }
}
