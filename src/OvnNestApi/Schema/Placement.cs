using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OvnNestApi.Contracts;

namespace OvnNestApi.Schema;

/// <summary>
/// An object that a host was given and of which it has not yet confirmed that nothing is left. Wanted rows are the host's work, the others its
/// removals; the row goes when the host confirms. So this table is also the list of who still owes what.
/// </summary>
public sealed class Placement
{
    /// <summary>The host.</summary>
    public required Guid HostId { get; init; }

    /// <summary>The VM or container.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>What it is.</summary>
    public required RemovalKind Kind { get; init; }

    /// <summary>The VM's id, for a VM its own.</summary>
    public required Guid VmId { get; init; }

    /// <summary>The object's name.</summary>
    public required string Name { get; init; }

    /// <summary>True: it shall be on the host. False: it shall go, and the host shall confirm.</summary>
    public bool Wanted { get; set; } = true;

    /// <summary>The host's <see cref="Host.WorkRevision"/> since which <see cref="Wanted"/> is as it is: a report on older work confirms nothing.</summary>
    public long Revision { get; set; }

    /// <summary>The device's name as the host was given it.</summary>
    public required string Interface { get; set; }

    /// <summary>The namespace's name as the host was given it.</summary>
    public required string Namespace { get; set; }

    /// <summary>The VM's bridge as the host was given it.</summary>
    public required string Bridge { get; set; }

    /// <summary>The digest of the work that the host says is in place; null: none.</summary>
    public string? Digest { get; set; }

    /// <summary>The host's error; null: none.</summary>
    public string? Error { get; set; }

    /// <summary>The IPv4 address that the device has, as the host says; null: none.</summary>
    public string? Address { get; set; }

    /// <summary>VM only: <c>ovn-installed</c> stands on the integration bridge's interface.</summary>
    public bool OvnInstalled { get; set; }
}

internal sealed class PlacementMapping : IEntityTypeConfiguration<Placement>
{
    public void Configure(EntityTypeBuilder<Placement> placement)
    {
        placement.ToTable("placements").HasKey(p => new { p.HostId, p.ObjectId });
        placement.Property(p => p.Kind).HasConversion<string>();
        placement.HasIndex(p => p.ObjectId);
        placement.HasIndex(p => new { p.VmId, p.HostId });
        placement.HasOne<Host>().WithMany().HasForeignKey(p => p.HostId).OnDelete(DeleteBehavior.Restrict);
    }
}
