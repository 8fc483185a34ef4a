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
/// How an agent becomes known: an admin draws a one-time token for a host, the agent shows it once with the hash of a key that it made
/// itself.
/// </summary>
internal static class Enrolments
{
    internal const string Example = """{"keySha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}""";

    public static void MapEnrolments(this IEndpointRouteBuilder api)
    {
        api.MapPost("/hosts/{host}/enrolment", DrawAsync)
            .WithTags("Agents")
            .RequireAuthorization(Policies.Admin)
            .Takes()
            .Describe(
                "draw-enrolment",
                "Draw a one-time token for a host's agent",
                "The token is shown once and is worth something for one hour."
            );
        api.MapPost("/enrolments", EnrolAsync)
            .WithTags("Agents")
            .AllowAnonymous()
            .Takes()
            .TakesBody<EnrolmentRequest>(JsonBody.Json, Example)
            .Describe(
                "enrol-agent",
                "Make an agent's key known",
                "With the one-time token as bearer. The same key again has the same answer; another key is refused. Former "
                    + "keys of the host end."
            );
    }

    internal static async Task<Reply<JsonResult<EnrolmentToken>>> DrawAsync(
        string host,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        var token = CreateKey.NewKey();
        var answer = await transactions.RunAsync<DateTimeOffset>(
            db,
            async transactionToken =>
            {
                var found = await db
                    .Hosts.AsNoTracking()
                    .OrderBy(h => h.DeletingSince != null)
                    .FirstOrDefaultAsync(h => h.Name == host, transactionToken);
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
                    .SingleAsync(transactionToken);
                var enrolment = new Enrolment
                {
                    HostId = found.Id,
                    TokenSha256 = KeyAuthentication.Hash(token),
                    ExpiresAt = expiresAt,
                };
                db.Enrolments.Add(enrolment);
                ChangeLog.Add(db, "enrolment", null, host, enrolment.Id, "created", null, null);
                return expiresAt;
            },
            cancellationToken
        );
        return answer.TryGet(out var end, out var problem)
            ? new JsonResult<EnrolmentToken>(new(token, end), StatusCodes.Status201Created)
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
        var answer = await transactions.RunAsync<string>(
            db,
            async transactionToken =>
            {
                var enrolment = await db
                    .Enrolments.FromSql($"SELECT * FROM enrolments WHERE token_sha256 = {token} FOR UPDATE")
                    .SingleOrDefaultAsync(transactionToken);
                if (enrolment is null)
                {
                    return Problem.EnrolmentInvalid();
                }

                var host = await db.Hosts.Where(h => h.Id == enrolment.HostId).Select(h => h.Name).SingleAsync(transactionToken);
                if (enrolment.KeySha256 is { } used)
                {
                    return CryptographicOperations.FixedTimeEquals(used, key) ? host : Problem.EnrolmentInvalid();
                }

                if (
                    await db.Database.SqlQuery<bool>($"""SELECT {enrolment.ExpiresAt} <= now() AS "Value" """).SingleAsync(transactionToken)
                )
                {
                    return Problem.EnrolmentInvalid();
                }

                enrolment.KeySha256 = key;
                await db.HostCredentials.Where(c => c.HostId == enrolment.HostId).ExecuteDeleteAsync(transactionToken);
                db.HostCredentials.Add(new() { HostId = enrolment.HostId, KeySha256 = key });
                db.Actor = new($"host:{host}", context.TraceIdentifier);
                ChangeLog.Add(db, "enrolment", null, host, enrolment.Id, "updated", null, null);
                return host;
            },
            cancellationToken
        );
        return answer.TryGet(out var enrolled, out var problem) ? new JsonResult<EnrolmentAnswer>(new(enrolled)) : problem;
    }

    internal static async Task<Answer<byte[]>> ReadKeyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!(await JsonBody.ReadAsync<EnrolmentRequest>(request, cancellationToken)).TryGet(out var body, out var problem))
        {
            return problem;
        }

        return body.KeySha256 is { Length: 64 } hex && hex.All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(hex)
            : Problem.ValidationFailed("#/keySha256", "64 lower-case hex digits are expected, the SHA-256 of the key");
    }
}

/// <summary>A token for one enrolment.</summary>
/// <param name="Token">Shown here and never again.</param>
/// <param name="ExpiresAt">After this it is worth nothing.</param>
public sealed record EnrolmentToken(string Token, DateTimeOffset ExpiresAt);
