using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.ApiKeys;

/// <summary>Manages API keys (admins only), and shows the key of the request.</summary>
internal static class ApiKeyEndpoints
{
    private const string NoKey = "No API key has this id.";

    public static void MapApiKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/api-keys").WithTags("API keys").RequireAuthorization(Policies.Admin);
        keys.MapRead("/", ListAsync)
            .Takes()
            .Describe(
                "list-api-keys",
                "List API keys",
                "Returns name, role and last use of each key. The keys themselves are never shown."
            );
        keys.MapRead("/{id}", GetAsync)
            .Takes()
            .Describe("get-api-key", "Read an API key", "Returns name, role and last use of the key. The key itself is never shown.");
        keys.MapPost("/", PostAsync)
            .Takes()
            .TakesBody<ApiKeyBody>(JsonBody.Json, """{"name":"terraform","role":"editor","ttl":"90d"}""")
            .Produces<NewApiKeyView>(StatusCodes.Status201Created)
            .Describe(
                "create-api-key",
                "Create an API key",
                "The response is the only one that contains the key: the service stores only its hash."
            );
        keys.MapDelete("/{id}", DeleteAsync)
            .Takes()
            .Produces(StatusCodes.Status204NoContent)
            .Describe("revoke-api-key", "Revoke an API key", "The key is no longer accepted. Repeating the request changes nothing.");
        api.MapRead("/me", Me)
            .WithTags("Service")
            .Takes()
            .Describe("get-me", "Read the current API key", "Returns name, role and expiry of the key of this request.");
    }

    internal static async Task<JsonResult<ListView<ApiKeyView>>> ListAsync(NestDb db, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.AsNoTracking().OrderBy(key => key.Name).ThenBy(key => key.Id).ToListAsync(cancellationToken);
        return new(new(keys.ConvertAll(ApiKeyView.Of), null));
    }

    internal static async Task<Reply<JsonResult<ApiKeyView>>> GetAsync(string id, NestDb db, CancellationToken cancellationToken) =>
        Guid.TryParseExact(id, "D", out var key)
        && await db.ApiKeys.AsNoTracking().FirstOrDefaultAsync(one => one.Id == key, cancellationToken) is { } found
            ? new JsonResult<ApiKeyView>(ApiKeyView.Of(found))
            : Problem.NotFound(NoKey);

    internal static async Task<Reply<JsonResult<NewApiKeyView>>> PostAsync(
        HttpContext context,
        NestDb db,
        Transactions transactions,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!(await JsonBody.ReadAsync<ApiKeyBody>(context.Request, cancellationToken)).TryGet(out var body, out var problem))
        {
            return problem;
        }

        var secret = CreateKey.NewKey();
        if (!NewKey(body, secret, time.GetUtcNow()).TryGet(out var key, out problem))
        {
            return problem;
        }

        problem = await transactions.RunAsync(
            db,
            _ =>
            {
                db.ApiKeys.Add(key);
                ChangeLog.Add(db, "api-key", null, key.Name, key.Id, "created", null, null);
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );
        if (problem is not null)
        {
            return problem;
        }

        context.Response.Headers.Location = $"/v1/api-keys/{key.Id}";
        return new JsonResult<NewApiKeyView>(
            new(key.Id, key.Name, key.Role, secret, key.CreatedAt, key.ExpiresAt),
            StatusCodes.Status201Created
        );
    }

    internal static async Task<Reply<NoContent>> DeleteAsync(
        string id,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        var problem = await transactions.RunAsync(db, token => RevokeAsync(db, id, token), cancellationToken);
        return problem is null ? TypedResults.NoContent() : problem;
    }

    private static Answer<ApiKey> NewKey(ApiKeyBody body, string secret, DateTimeOffset now)
    {
        if (body is not { Name: { } name, Role: { } role })
        {
            throw new InvalidOperationException("Name and role are required fields of the body.");
        }

        var ttl = TimeSpan.Zero;
        if (body.Ttl is not null && (!Durations.TryParse(body.Ttl, out ttl) || ttl <= TimeSpan.Zero))
        {
            return Problem.ValidationFailed("#/ttl", "must be a time longer than 0, such as 90d");
        }

        return new ApiKey
        {
            Name = name,
            Role = role,
            KeySha256 = KeyAuthentication.Hash(secret),
            CreatedAt = now,
            ExpiresAt = body.Ttl is null ? null : now + ttl,
        };
    }

    private static async Task<Problem?> RevokeAsync(NestDb db, string id, CancellationToken cancellationToken)
    {
        var locked = Guid.TryParseExact(id, "D", out var parsed)
            ? await db.ApiKeys.FromSql($"SELECT * FROM api_keys WHERE id = {parsed} FOR UPDATE").ToListAsync(cancellationToken)
            : [];
        if (locked is not [var key])
        {
            return Problem.NotFound(NoKey);
        }

        if (key.RevokedAt is null)
        {
            key.RevokedAt = await db.Database.SqlQuery<DateTimeOffset>($"""SELECT now() AS "Value" """).SingleAsync(cancellationToken);
            ChangeLog.Add(db, "api-key", null, key.Name, key.Id, "deleted", null, null);
        }

        return null;
    }

    internal static JsonResult<MeView> Me(HttpContext context)
    {
        var me = Principal.Of(context);
        return new(new(me.Id, me.Name, me.Role, me.ExpiresAt));
    }
}
