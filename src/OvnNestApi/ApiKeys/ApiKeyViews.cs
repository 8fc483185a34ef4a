using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.ApiKeys;

/// <summary>Request for a new API key.</summary>
public sealed record ApiKeyBody
{
    /// <summary>Name of the person or program that uses the key. The change log contains it.</summary>
    [Needed, ValidName]
    public string? Name { get; init; }

    /// <summary>Role: viewer, editor or admin. Each role includes the permissions of the one before.</summary>
    [Needed]
    public Role? Role { get; init; }

    /// <summary>Time until the key expires, such as <c>90d</c>. Without it the key does not expire.</summary>
    [Pattern("^[0-9]{1,7}(ms|s|m|h|d)$", "a time such as 90d is expected")]
    public string? Ttl { get; init; }
}

/// <summary>An API key, without its secret.</summary>
/// <param name="Id">Id of the key.</param>
/// <param name="Name">Name of the person or program that uses the key.</param>
/// <param name="Role">Role of the key.</param>
/// <param name="CreatedAt">Time of creation.</param>
/// <param name="ExpiresAt">Time at which the key expires; absent if it does not.</param>
/// <param name="RevokedAt">Time at which the key was revoked; absent if it was not.</param>
/// <param name="LastUsedAt">Time of the last use, to the minute; absent if it was never used.</param>
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

/// <summary>A new API key with its secret. No later response contains the secret.</summary>
/// <param name="Id">Id of the key.</param>
/// <param name="Name">Name of the person or program that uses the key.</param>
/// <param name="Role">Role of the key.</param>
/// <param name="Key">The secret to send as <c>Authorization: Bearer</c>. The service stores only its hash.</param>
/// <param name="CreatedAt">Time of creation.</param>
/// <param name="ExpiresAt">Time at which the key expires; absent if it does not.</param>
public sealed record NewApiKeyView(Guid Id, string Name, Role Role, string Key, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>The API key of the request.</summary>
/// <param name="Id">Id of the key.</param>
/// <param name="Name">Name of the key.</param>
/// <param name="Role">Role of the key.</param>
/// <param name="ExpiresAt">Time at which the key expires; absent if it does not.</param>
public sealed record MeView(Guid Id, string Name, Role? Role, DateTimeOffset? ExpiresAt);
