using OvnNestApi.Http;
using OvnNestApi.Plans;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

internal static class ResourceEndpoints
{
    /// <summary>Maps the URLs of one kind of resource.</summary>
    public static void MapResource<T, TSpec, TBody, TView>(this IEndpointRouteBuilder api, ResourceKind<T, TSpec, TBody, TView> kind)
        where T : Resource
        where TSpec : class, new()
        where TBody : ResourceBody<TSpec>
        where TView : IResourceView
    {
        var routes = new ResourceRoutes<T, TSpec, TBody, TView>(kind, api.MapGroup(kind.Route).WithTags(kind.Tag));
        routes.MapList();
        routes.MapGet();
        routes.MapWait();
        routes.MapPlan();
        routes.MapPost();
        routes.MapPut();
        routes.MapPatch();
        routes.MapDelete();
    }
}

/// <summary>The URLs of one kind of resource: policy, parameters, results and OpenAPI texts of each operation.</summary>
internal sealed class ResourceRoutes<T, TSpec, TBody, TView>(ResourceKind<T, TSpec, TBody, TView> kind, RouteGroupBuilder group)
    where T : Resource
    where TSpec : class, new()
    where TBody : ResourceBody<TSpec>
    where TView : IResourceView
{
    private const string PatchExample = """{"labels":{"app":"web"}}""";

    private readonly ResourceOperations<T, TSpec, TBody, TView> _operations = new(kind);

    public void MapList() =>
        group
            .MapRead("/", _operations.ListAsync)
            .Takes([.. QueryParameters.OfLists, .. kind.Filters])
            .Describe($"list-{kind.Plural}", $"List {kind.Noun}s", $"Returns one page of the {kind.Noun}s, ordered by name.");

    public void MapGet() =>
        group
            .MapRead("/{name}", _operations.GetAsync)
            .Takes()
            .Produces<TView>()
            .Describe(
                $"get-{kind.Name}",
                $"Read a {kind.Noun}",
                "Returns the requested state (`spec`), the observed state (`status`), and whether the two agree (`status.ready`)."
            );

    public void MapWait() =>
        group
            .MapRead("/{name}/wait", _operations.WaitAsync)
            .Takes(QueryParameters.OfWaits)
            .Produces<TView>()
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                $"wait-for-{kind.Name}",
                $"Wait until a {kind.Noun} is ready or gone",
                "Responds as soon as the condition is met: 200 if ready, 204 if gone. Responds with 408 after the timeout."
            );

    public void MapPlan() =>
        group
            .MapRead("/{name}/plan", _operations.PlanAsync)
            .Offers(Representations.Json, Representations.Text)
            .Takes(PlanScope.Parameters)
            .Produces<PlanView>()
            .Describe(
                $"plan-{kind.Name}",
                $"Read what would be done next for a {kind.Noun}",
                $"Returns what the next pass of the reconciler and the agents would do for this {kind.Noun} alone. "
                    + PlanEndpoints.Description
            );

    public void MapPost() =>
        group
            .MapPost("/", _operations.PostAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfWrites)
            .TakesConditions()
            .TakesBody<TBody>(JsonBody.Json, kind.Example)
            .Produces<TView>(StatusCodes.Status201Created)
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe(
                $"create-{kind.Name}",
                $"Create a {kind.Noun}",
                $"Creates a {kind.Noun}. Responds with 409 if the name is in use; use PUT to create or replace."
            );

    public void MapPut() =>
        group
            .MapPut("/{name}", _operations.PutAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(kind.WriteParameters)
            .TakesConditions()
            .TakesBody<TBody>(JsonBody.Json, kind.Example)
            .Produces<TView>()
            .Produces<TView>(StatusCodes.Status201Created)
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe(
                $"put-{kind.Name}",
                $"Create or replace a {kind.Noun}",
                $"Creates the {kind.Noun}, or replaces all its writable fields with the body. Repeating the request changes nothing."
            );

    public void MapPatch() =>
        group
            .MapPatch("/{name}", _operations.PatchAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(kind.WriteParameters)
            .TakesConditions()
            .TakesBody<TBody>(JsonBody.MergePatch, PatchExample)
            .Produces<TView>()
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Describe(
                $"patch-{kind.Name}",
                $"Change some fields of a {kind.Noun}",
                "Applies a merge patch (RFC 7396) to name, description, labels and spec. The result is validated as a whole."
            );

    public void MapDelete() =>
        group
            .MapDelete("/{name}", _operations.DeleteAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(WriteOptions.OfDeletes)
            .TakesConditions()
            .Produces<TView>(StatusCodes.Status202Accepted)
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                $"delete-{kind.Name}",
                $"Delete a {kind.Noun}",
                $"Starts the deletion of the {kind.Noun}. It is gone when the northbound database and the hosts have confirmed the removal."
            );
}
