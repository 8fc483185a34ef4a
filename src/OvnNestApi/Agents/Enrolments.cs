using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.ApiKeys;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>
/// Enrolment of agents. An admin creates a one-time token for a host. The agent generates a key and sends the token with the key's SHA-256.
/// </summary>
internal static class Enrolments
{
    internal const string Example = """{"keySha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}""";

    public static void MapEnrolments(this IEndpointRouteBuilder api)
    {
        api.MapPost("/hosts/{host}/enrolment", CreateTokenAsync)
            .WithTags("Agents")
            .RequireAuthorization(Policies.Admin)
            .Takes()
            .Produces<EnrolmentToken>(StatusCodes.Status201Created)
            .Describe(
                "draw-enrolment",
                "Create a one-time token for a host's agent",
                "The response is the only one that contains the token. The token is valid for one hour."
            );
        api.MapPost("/enrolments", EnrolAsync)
            .WithTags("Agents")
            .AllowAnonymous()
            .Takes()
            .TakesBody<EnrolmentRequest>(JsonBody.Json, Example)
            .Produces<EnrolmentAnswer>()
            .Describe(
                "enrol-agent",
                "Enrol an agent",
                "Send the one-time token as bearer token. Sending the same key again gives the same answer; another key is "
                    + "refused. Earlier keys of the host are revoked."
            );
    }

    internal static async Task<Reply<JsonResult<EnrolmentToken>>> CreateTokenAsync(
        string host,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        var token = CreateKey.NewKey();
        var answer = await transactions.RunAsync(
            db,
            transactionToken => StoreTokenAsync(db, host, token, transactionToken),
            cancellationToken
        );
        return answer.TryGet(out var expiresAt, out var problem)
            ? new JsonResult<EnrolmentToken>(new(token, expiresAt), StatusCodes.Status201Created)
            : problem;
    }

    internal static async Task<Reply<JsonResult<EnrolmentAnswer>>> EnrolAsync(
        HttpContext context,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        if (!(await ReadKeyAsync(context.Request, cancellationToken)).TryGet(out var key, out var unreadable))
        {
            return unreadable;
        }

        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return Problem.EnrolmentInvalid();
        }

        var token = KeyAuthentication.Hash(header["Bearer ".Length..].Trim());
        var answer = await transactions.RunAsync(
            db,
            transactionToken => UseTokenAsync(db, token, key, context.TraceIdentifier, transactionToken),
            cancellationToken
        );
        return answer.TryGet(out var host, out var problem) ? new JsonResult<EnrolmentAnswer>(new(host)) : problem;
    }

    internal static async Task<Answer<byte[]>> ReadKeyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!(await JsonBody.ReadAsync<EnrolmentRequest>(request, cancellationToken)).TryGet(out var body, out var problem))
        {
            return problem;
        }

        return body.KeySha256 is { Length: 64 } hex && hex.All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(hex)
            : Problem.ValidationFailed("#/keySha256", "must be the SHA-256 of the key, as 64 lower-case hexadecimal digits");
    }

    /// <summary>Stores an enrolment for the host and returns the time when it expires.</summary>
    private static async Task<Answer<DateTimeOffset>> StoreTokenAsync(
        NestDb db,
        string host,
        string token,
        CancellationToken cancellationToken
    )
    {
        var found = await db
            .Hosts.AsNoTracking()
            .OrderBy(h => h.DeletingSince != null)
            .FirstOrDefaultAsync(h => h.Name == host, cancellationToken);
        if (found is null)
        {
            return Problem.NotFound("host", host);
        }

        if (found.DeletingSince is not null)
        {
            return Problem.BeingDeleted($"The host {host} is being deleted.");
        }

        var expiresAt = await db
            .Database.SqlQuery<DateTimeOffset>($"""SELECT now() + interval '1 hour' AS "Value" """)
            .SingleAsync(cancellationToken);
        var enrolment = new Enrolment
        {
            HostId = found.Id,
            TokenSha256 = KeyAuthentication.Hash(token),
            ExpiresAt = expiresAt,
        };
        db.Enrolments.Add(enrolment);
        ChangeLog.Add(db, "enrolment", null, host, enrolment.Id, "created", null, null);
        return expiresAt;
    }

    /// <summary>Exchanges the token for a credential with this key and returns the name of the host.</summary>
    private static async Task<Answer<string>> UseTokenAsync(
        NestDb db,
        byte[] token,
        byte[] key,
        string requestId,
        CancellationToken cancellationToken
    )
    {
        var enrolment = await db
            .Enrolments.FromSql($"SELECT * FROM enrolments WHERE token_sha256 = {token} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);
        if (enrolment is null)
        {
            return Problem.EnrolmentInvalid();
        }

        var host = await db.Hosts.Where(h => h.Id == enrolment.HostId).Select(h => h.Name).SingleAsync(cancellationToken);
        if (enrolment.KeySha256 is { } used)
        {
            return CryptographicOperations.FixedTimeEquals(used, key) ? host : Problem.EnrolmentInvalid();
        }

        if (await db.Database.SqlQuery<bool>($"""SELECT {enrolment.ExpiresAt} <= now() AS "Value" """).SingleAsync(cancellationToken))
        {
            return Problem.EnrolmentInvalid();
        }

        enrolment.KeySha256 = key;
        await db.HostCredentials.Where(c => c.HostId == enrolment.HostId).ExecuteDeleteAsync(cancellationToken);
        db.HostCredentials.Add(new() { HostId = enrolment.HostId, KeySha256 = key });
        await db.ExecuteAsync(AgentSessions.ForgetSession, cancellationToken, ("host", enrolment.HostId));
        db.Actor = new($"host:{host}", requestId);
        ChangeLog.Add(db, "enrolment", null, host, enrolment.Id, "updated", null, null);
        return host;
    }
}

/// <summary>One-time token for the enrolment of a host's agent.</summary>
/// <param name="Token">The token. No other response contains it.</param>
/// <param name="ExpiresAt">Time after which the token is not valid.</param>
public sealed record EnrolmentToken(string Token, DateTimeOffset ExpiresAt);
