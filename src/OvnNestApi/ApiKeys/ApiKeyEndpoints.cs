using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.ApiKeys;

/// <summary>Clients' keys, for admins; and who one is.</summary>
internal static class ApiKeyEndpoints
{
    public static void MapApiKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/api-keys").WithTags("API keys").RequireAuthorization(Policies.Admin);
        keys.MapRead("/", ListAsync)
            .Takes()
            .Describe(
                "list-api-keys",
                "List API keys",
                "Who has keys, with which role, and when they were last used; never the keys themselves."
            );
        keys.MapRead("/{id}", GetAsync)
            .Takes()
            .Describe("get-api-key", "Read an API key", "Its role, and when it was last used; never the key itself.");
        keys.MapPost("/", PostAsync)
            .Takes()
            .TakesBody<ApiKeyBody>(JsonBody.Json, """{"name":"terraform","role":"editor","ttl":"90d"}""")
            .Describe("create-api-key", "Make an API key", "Answers the key, once: only its hash is stored.");
        keys.MapDelete("/{id}", DeleteAsync)
            .Takes()
            .Produces(StatusCodes.Status204NoContent)
            .Describe("revoke-api-key", "Revoke an API key", "From now on the key is worth nothing. Sent again it changes nothing.");
        api.MapRead("/me", Me)
            .WithTags("Service")
            .Takes()
            .Describe("get-me", "Tell who I am", "The name, role and expiry of the key that the request was sent with.");
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
            : Problem.NotFound("There is no such key.");

    internal static async Task<Reply<JsonResult<NewApiKeyView>>> PostAsync(
        HttpContext context,
        NestDb db,
        Transactions transactions,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!(await JsonBody.ReadAsync<ApiKeyBody>(context.Request, cancellationToken)).TryGet(out var body, out var invalid))
        {
            return invalid;
        }

        if (body is not { Name: { } name, Role: { } role })
        {
            throw new InvalidOperationException("Name and role are required fields of the body.");
        }

        var ttl = TimeSpan.Zero;
        if (body.Ttl is not null && (!Durations.TryParse(body.Ttl, out ttl) || ttl <= TimeSpan.Zero))
        {
            return Problem.ValidationFailed("#/ttl", "a time such as 90d is expected");
        }

        var secret = CreateKey.NewKey();
        var key = new ApiKey
        {
            Name = name,
            Role = role,
            KeySha256 = KeyAuthentication.Hash(secret),
            CreatedAt = time.GetUtcNow(),
            ExpiresAt = body.Ttl is null ? null : time.GetUtcNow() + ttl,
        };
        var problem = await transactions.RunAsync(
            db,
            _ =>
            {
                db.ApiKeys.Add(key);
                ChangeLog.Add(db, "api-key", null, name, key.Id, "created", null, null);
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );
        if (problem is not null)
        {
            return problem;
        }

        context.Response.Headers.Location = $"/v1/api-keys/{key.Id}";
        return new JsonResult<NewApiKeyView>(new(key.Id, name, role, secret, key.CreatedAt, key.ExpiresAt), StatusCodes.Status201Created);
    }

    internal static async Task<Reply<NoContent>> DeleteAsync(
        string id,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        var problem = await transactions.RunAsync(
            db,
            async token =>
            {
                var key = Guid.TryParseExact(id, "D", out var parsed)
                    ? (
                        await db.ApiKeys.FromSql($"SELECT * FROM api_keys WHERE id = {parsed} FOR UPDATE").ToListAsync(token)
                    ).FirstOrDefault()
                    : null;
                if (key is null)
                {
                    return Problem.NotFound("There is no such key.");
                }

                if (key.RevokedAt is null)
                {
                    key.RevokedAt = await db.Database.SqlQuery<DateTimeOffset>($"""SELECT now() AS "Value" """).SingleAsync(token);
                    ChangeLog.Add(db, "api-key", null, key.Name, key.Id, "deleted", null, null);
                }

                return null;
            },
            cancellationToken
        );
        return problem is null ? TypedResults.NoContent() : problem;
    }

    internal static JsonResult<MeView> Me(HttpContext context)
    {
        var me = Principal.Of(context);
        return new(new(me.Id, me.Name, me.Role, me.ExpiresAt));
    }
}

/// <summary>A key to be made.</summary>
public sealed record ApiKeyBody
{
    /// <summary>Who or what uses it; appears in the change log.</summary>
    [Needed, ValidName]
    public string? Name { get; init; }

    /// <summary>What it may do; each role includes the one before: viewer, editor, admin.</summary>
    [Needed]
    public Role? Role { get; init; }

    /// <summary>How long it works, such as <c>90d</c>. Default: for ever.</summary>
    [Pattern("^[0-9]{1,7}(ms|s|m|h|d)$", "a time such as 90d is expected")]
    public string? Ttl { get; init; }
}

/// <summary>A key as it is told.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Who or what uses it.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops working; absent: never.</param>
/// <param name="RevokedAt">When it was revoked; absent: it was not.</param>
/// <param name="LastUsedAt">When it was last used, to the minute; absent: never.</param>
public sealed record ApiKeyView(
    Guid Id,
    string Name,
    Role Role,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt
)
{
    internal static ApiKeyView Of(ApiKey key) =>
        new(key.Id, key.Name, key.Role, key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt);
}

/// <summary>A new key, told once.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Who or what uses it.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Key">The key. It is not stored and not told again.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops working; absent: never.</param>
public sealed record NewApiKeyView(Guid Id, string Name, Role Role, string Key, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>Who one is.</summary>
/// <param name="Id">The key's id.</param>
/// <param name="Name">The key's name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="ExpiresAt">When it stops working; absent: never.</param>
public sealed record MeView(Guid Id, string Name, Role? Role, DateTimeOffset? ExpiresAt);
