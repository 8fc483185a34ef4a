using Microsoft.AspNetCore.Http.HttpResults;
using OvnNestApi.Contracts;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Endpoints of the session of a host's agent.</summary>
internal static class SessionEndpoints
{
    private const string Example = """{"id":"0b9f1d7e-6f0e-4b57-9d86-0d0f3c1f5a11","systemId":"ubuntu2"}""";
    private const int MaxSystemId = 255;

    public static void MapSessions(this IEndpointRouteBuilder api)
    {
        api.MapPut("/hosts/{host}/session", OpenAsync)
            .WithTags("Agents")
            .RequireAuthorization(Policies.Host)
            .Takes()
            .TakesBody<SessionRequest>(JsonBody.Json, Example)
            .Produces<SessionAnswer>()
            .Describe(
                "open-host-session",
                "Open the session of a host's agent",
                "An agent sends this once after its start. From then on, requests of agents that were started earlier with the key of the "
                    + "host are refused. The first session after an enrolment binds the host to the system-id of its Open vSwitch."
            );
        api.MapDelete("/hosts/{host}/session", ResetAsync)
            .WithTags("Agents")
            .RequireAuthorization(Policies.Admin)
            .Takes()
            .Describe(
                "reset-host-session",
                "Let the agent of a host have another system-id",
                "Use it if the host has got a new system-id, for example because its Open vSwitch database was created again. The next "
                    + "session binds the host to the system-id of the agent that opens it."
            );
    }

    internal static async Task<Reply<JsonResult<SessionAnswer>>> OpenAsync(
        HttpContext context,
        NestDb db,
        AgentSessions sessions,
        CancellationToken cancellationToken
    )
    {
        var agent = Principal.Of(context);
        var host = agent.HostId ?? throw new InvalidOperationException("Only an agent can open a session.");
        if (!(await JsonBody.ReadAsync<SessionRequest>(context.Request, cancellationToken)).TryGet(out var request, out var problem))
        {
            return problem;
        }

        if (request.SystemId is not { Length: > 0 and <= MaxSystemId } || request.SystemId.Any(char.IsControl))
        {
            return Problem.ValidationFailed("#/systemId", $"must have 1 to {MaxSystemId} characters and no control characters");
        }

        return (await sessions.OpenAsync(db, host, agent.Name, request, cancellationToken)).TryGet(out var session, out problem)
            ? new JsonResult<SessionAnswer>(new(session.ToString()))
            : problem;
    }

    internal static async Task<Reply<NoContent>> ResetAsync(
        string host,
        NestDb db,
        AgentSessions sessions,
        CancellationToken cancellationToken
    ) => await sessions.ResetAsync(db, host, cancellationToken) is { } problem ? problem : TypedResults.NoContent();
}
