using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>Who changed what, from what to what; written in the transaction of the change.</summary>
public sealed class Change
{
    /// <summary>The order of changes: drawn from the sequence <c>change_seq</c> while the object's row is locked.</summary>
    public long Number { get; init; }

    /// <summary>The database's time.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The principal: "key:&lt;name&gt;", "host:&lt;name&gt;", or "reconciler".</summary>
    public required string By { get; init; }

    /// <summary>The request's id; null when no request caused it.</summary>
    public string? RequestId { get; init; }

    /// <summary>Kind of the object: "network", "router", "host", "vm", "container", "vlan-lease", "api-key", …</summary>
    public required string Kind { get; init; }

    /// <summary>The VM's name for what lives in a VM; null otherwise.</summary>
    public string? Vm { get; init; }

    /// <summary>The object's name.</summary>
    public required string Name { get; init; }

    /// <summary>The object's id.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>"created", "updated", "deleting", "forced" (an admin's word that no silent host is waited for), "deleted" or "status".</summary>
    public required string Action { get; init; }

    /// <summary>What could be written of it before, as JSON; null for a creation.</summary>
    public string? Before { get; init; }

    /// <summary>What can be written of it after, as JSON; null for a deletion.</summary>
    public string? After { get; init; }
}

internal sealed class ChangeMapping : IEntityTypeConfiguration<Change>
{
    public void Configure(EntityTypeBuilder<Change> change)
    {
        change.ToTable("changes").HasKey(c => c.Number);
        change.Property(c => c.Number).HasDefaultValueSql("nextval('change_seq')");
        change.Property(c => c.At).HasDefaultValueSql("now()");
        change.Property(c => c.Before).HasColumnType("json");
        change.Property(c => c.After).HasColumnType("json");
        change.HasIndex(c => new { c.ObjectId, c.Number });
    }
}
