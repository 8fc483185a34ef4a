using OvnNestApi.Http;

namespace OvnNestApi.Checks;

/// <summary>URLs of connectivity checks of VMs and of containers.</summary>
internal static class CheckRoutes
{
    private const string Tag = "Checks";
    private const string Example = """{"kind":"ping","target":"gateway"}""";

    public static void MapChecks(this IEndpointRouteBuilder api)
    {
        MapOf(api.MapGroup("/vms/{vm}/checks").WithTags(Tag), "vm", "VM");
        MapOf(api.MapGroup("/vms/{vm}/containers/{name}/checks").WithTags(Tag), "container", "container");
    }

    private static void MapOf(RouteGroupBuilder checks, string kind, string noun)
    {
        checks
            .MapPost("/", CheckEndpoints.PostAsync)
            .RequireAuthorization(Policies.Write)
            .Takes(
                new(
                    "wait",
                    "Hold the response until the check has finished, at most for this time (such as 5s; maximum 60s). "
                        + "201 if it has finished, else 202."
                ),
                new("dryRun", "Check and respond as usual, but store nothing and send no ping.", "boolean")
            )
            .TakesHeader(IdempotencyKey.Header, IdempotencyKey.Description)
            .TakesBody<CheckBody>(JsonBody.Json, Example)
            .Produces<CheckView>(StatusCodes.Status201Created)
            .Produces<CheckView>(StatusCodes.Status202Accepted)
            .Describe(
                $"create-{kind}-check",
                $"Ping from a {noun}",
                $"The agent of the host sends the pings from the network namespace of the {noun}. A check has a result, or the reason why "
                    + "there is none, at most 10 s later, usually within 2 s. At most 32 checks of a host can be without a result; more "
                    + "are 429. Responds with 409 `not-checkable` if no agent can run the check or the target has no address."
            );
        checks
            .MapRead("/", CheckEndpoints.ListAsync)
            .Takes(
                new("limit", "Maximum number of items on the page, 1 to 1000 (default 100).", "integer"),
                new("cursor", "Position of the page: `next` from the previous page.")
            )
            .Describe(
                $"list-{kind}-checks",
                $"List the checks of a {noun}",
                "Returns the checks and their results, newest first. Checks are deleted after a day, unless configured otherwise."
            );
        checks
            .MapRead("/{id}", CheckEndpoints.GetAsync)
            .Takes()
            .Describe($"get-{kind}-check", $"Read a check of a {noun}", "Returns the check and its result.");
    }
}
