using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>API key of a client. The key itself is shown once, on creation, and only its hash is stored.</summary>
public sealed class ApiKey
{
    /// <summary>Id of the key.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Name of the person or program that uses the key; appears in the change log.</summary>
    public required string Name { get; init; }

    /// <summary>Permissions of the key.</summary>
    public required Role Role { get; init; }

    /// <summary>SHA-256 of the key, 32 bytes.</summary>
    public required byte[] KeySha256 { get; init; }

    /// <summary>Time of creation.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Time of expiry; null if the key does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Time of revocation; null if the key is not revoked.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Time of the last use, with a resolution of one minute; null if never used.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>Permissions of an API key. Each role includes the permissions of the previous one.</summary>
public enum Role
{
    /// <summary>Reads everything except API keys and the work of hosts.</summary>
    Viewer,

    /// <summary>Also writes resources and VLAN leases.</summary>
    Editor,

    /// <summary>Also enrols hosts, manages API keys, changes the reconciler and uses <c>force</c>.</summary>
    Admin,
}

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys");
        key.HasIndex(k => k.KeySha256).IsUnique().HasDatabaseName("ux_api_keys_hash");
        key.Property(k => k.CreatedAt).HasDefaultValueSql("now()");
    }
}
