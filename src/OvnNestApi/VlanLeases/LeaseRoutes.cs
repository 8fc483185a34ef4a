using OvnNestApi.Http;

namespace OvnNestApi.VlanLeases;

/// <summary>URLs of leases: reserve tags before their containers exist, renew, and release.</summary>
internal static class LeaseRoutes
{
    private const string Example = """{"spec":{"owner":"web-1","ttl":"30m"}}""";

    private static readonly QueryParameter DryRun = new("dryRun", "Check and respond as usual, but store nothing.", "boolean");

    public static void MapVlanLeases(this IEndpointRouteBuilder api)
    {
        var leases = api.MapGroup("/vms/{vm}/vlan-leases").WithTags("VLAN leases");
        MapReads(leases);
        MapWrites(leases);
        MapRelease(leases);
    }

    private static void MapReads(RouteGroupBuilder leases)
    {
        leases
            .MapRead("/", LeaseEndpoints.ListAsync)
            .Takes(
                new("limit", "Maximum number of items on the page, 1 to 1000 (default 100).", "integer"),
                new("cursor", "Position of the page: `next` from the previous page."),
                new("state", "Only leases in this state: reserved, bound, draining or cooling."),
                new("owner", "Only leases with this owner key.")
            )
            .Describe(
                "list-vlan-leases",
                "List a VM's leased tags",
                "Returns every tag of the VM that is not free, ordered by tag: who has it, since when, and what its release waits for."
            );
        leases
            .MapRead("/{tag}", LeaseEndpoints.GetAsync)
            .Takes()
            .Describe("get-vlan-lease", "Read the lease of a tag", "Responds with 404 if the tag is free.");
    }

    private static void MapWrites(RouteGroupBuilder leases)
    {
        leases
            .MapPost("/", LeaseEndpoints.PostAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(DryRun)
            .TakesHeader(IdempotencyKey.Header, IdempotencyKey.Description)
            .TakesBody<LeaseBody>(JsonBody.Json, Example)
            .Produces<LeaseView>()
            .Produces<LeasesView>(StatusCodes.Status201Created)
            .RespondsWithAnyBody()
            .Describe(
                "reserve-vlan-tags",
                "Reserve tags",
                "The server chooses the tags: first tags that were never used, then those that have been free longest. With a `count` "
                    + "greater than 1, all tags or none are reserved, and the response contains them as `items`; otherwise the response "
                    + "is one lease. A repeated request of the same owner returns the same leases, with 200."
            );
        leases
            .MapPut("/{tag}", LeaseEndpoints.PutAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(DryRun)
            .TakesConditions()
            .TakesBody<LeaseBody>(JsonBody.Json, Example)
            .Produces<LeaseView>()
            .Produces<LeaseView>(StatusCodes.Status201Created)
            .Describe(
                "put-vlan-lease",
                "Reserve a given tag, or renew its lease",
                "Responds with 201 if the tag was free, and with 200 if the owner already has the lease. Responds with 409 if the tag "
                    + "has another owner; the problem shows which."
            );
    }

    private static void MapRelease(RouteGroupBuilder leases) =>
        leases
            .MapDelete("/{tag}", LeaseEndpoints.DeleteAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(
                DryRun,
                new("force", "End draining and cooling. An admin confirms with it that no host uses the tag.", "boolean"),
                new("allowMissing", "Respond with 204 if the lease does not exist.", "boolean")
            )
            .TakesConditions()
            .Produces<LeaseView>(StatusCodes.Status202Accepted)
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                "delete-vlan-lease",
                "Release a tag",
                "Responds with 204 if the tag is free at once, or with 202 while confirmations of hosts are missing."
            );
}
