using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A client's key. The key itself is shown once and never stored.</summary>
public sealed class ApiKey
{
    /// <summary>Identity.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Who or what uses it; appears in the change log.</summary>
    public required string Name { get; init; }

    /// <summary>What it may do.</summary>
    public required Role Role { get; init; }

    /// <summary>SHA-256 of the key, 32 bytes.</summary>
    public required byte[] KeySha256 { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops working; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked; null: it was not.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>When it was last used, to the minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>What a key may do; each includes the one before.</summary>
public enum Role
{
    /// <summary>Reads all but keys and hosts' work.</summary>
    Viewer,

    /// <summary>Also writes desired objects and leases.</summary>
    Editor,

    /// <summary>Also enrols hosts, makes keys, forces.</summary>
    Admin,
}

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys");
        key.Property(k => k.Role).HasConversion<string>();
        key.HasIndex(k => k.KeySha256).IsUnique().HasDatabaseName("ux_api_keys_hash");
        key.Property(k => k.CreatedAt).HasDefaultValueSql("now()");
    }
}
