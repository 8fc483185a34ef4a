using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>Entry of the change log, written in the transaction of the change.</summary>
public sealed class Change
{
    /// <summary>
    /// Position in the log, from the sequence <c>change_seq</c>. Taken while the row of the resource is locked, so changes of one resource
    /// are in order.
    /// </summary>
    public long Number { get; init; }

    /// <summary>Time of the change, by the database's clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Principal: "key:&lt;name&gt;", "host:&lt;name&gt;" or "reconciler".</summary>
    public required string By { get; init; }

    /// <summary>Id of the request; null if no request caused the change.</summary>
    public string? RequestId { get; init; }

    /// <summary>Kind of the resource: "network", "router", "host", "vm", "container", "vlan-lease", "api-key", …</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the VM, for a container or VLAN lease; null for other kinds.</summary>
    public string? Vm { get; init; }

    /// <summary>Name of the resource.</summary>
    public required string Name { get; init; }

    /// <summary>Id of the resource.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>"created", "updated", "deleting", "forced" (an admin skipped the confirmations of hosts), "deleted" or "status".</summary>
    public required string Action { get; init; }

    /// <summary>Writable fields before the change, as JSON; null for a creation.</summary>
    public string? Before { get; init; }

    /// <summary>Writable fields after the change, as JSON; null for a deletion.</summary>
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
