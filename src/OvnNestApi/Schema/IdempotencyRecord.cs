using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>Answer to a request that was sent with an idempotency key, written in the transaction of its effect.</summary>
public sealed class IdempotencyRecord
{
    /// <summary>Id of the API key that sent the request.</summary>
    public required Guid PrincipalId { get; init; }

    /// <summary>Idempotency key, 1 to 255 printable ASCII characters.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of method, path, query and body, 32 bytes.</summary>
    public required byte[] RequestSha256 { get; init; }

    /// <summary>What the response is made of, as JSON.</summary>
    public required string Answer { get; init; }

    /// <summary>Time of the request, by the database's clock.</summary>
    public DateTimeOffset At { get; init; }
}

internal sealed class IdempotencyRecordMapping : IEntityTypeConfiguration<IdempotencyRecord>
{
    public void Configure(EntityTypeBuilder<IdempotencyRecord> record)
    {
        record.ToTable("idempotency_records").HasKey(r => new { r.PrincipalId, r.Key });
        record.Property(r => r.Answer).HasColumnType("json");
        record.Property(r => r.At).HasDefaultValueSql("now()");
        record.HasIndex(r => r.At);
    }
}
