using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OvnNestApi.Contracts;

namespace OvnNestApi.Schema;

/// <summary>
/// Record that a host was given a VM or container and has not yet confirmed its removal. Wanted placements are the work of the host, the
/// others its removals. The row is deleted when the host confirms the removal, so the table also lists all outstanding confirmations.
/// </summary>
public sealed class Placement
{
    /// <summary>Id of the host.</summary>
    public required Guid HostId { get; init; }

    /// <summary>Id of the VM or container.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>Kind of the resource.</summary>
    public required RemovalKind Kind { get; init; }

    /// <summary>Id of the VM; for a VM its own id.</summary>
    public required Guid VmId { get; init; }

    /// <summary>Name of the resource.</summary>
    public required string Name { get; init; }

    /// <summary>True if the resource must be on the host; false if the host must remove it and confirm the removal.</summary>
    public bool Wanted { get; set; } = true;

    /// <summary>
    /// <see cref="Host.WorkRevision"/> since which <see cref="Wanted"/> has its value: a report on older work confirms nothing.
    /// </summary>
    public long Revision { get; set; }

    /// <summary>Name of the device, as sent to the host.</summary>
    public required string Interface { get; set; }

    /// <summary>Name of the namespace, as sent to the host.</summary>
    public required string Namespace { get; set; }

    /// <summary>Name of the VM's bridge, as sent to the host.</summary>
    public required string Bridge { get; set; }

    /// <summary>Digest of the work that the host reports as applied; null if none.</summary>
    public string? Digest { get; set; }

    /// <summary>Error that the host reports; null if none.</summary>
    public string? Error { get; set; }

    /// <summary>IPv4 address of the device that the host reports; null if none.</summary>
    public string? Address { get; set; }

    /// <summary>For a VM: true if <c>ovn-installed</c> is set on its interface on the integration bridge.</summary>
    public bool OvnInstalled { get; set; }
}

internal sealed class PlacementMapping : IEntityTypeConfiguration<Placement>
{
    public void Configure(EntityTypeBuilder<Placement> placement)
    {
        placement.ToTable("placements").HasKey(p => new { p.HostId, p.ObjectId });
        placement.HasIndex(p => p.ObjectId);
        placement.HasIndex(p => new { p.VmId, p.HostId });
        placement.HasOne<Host>().WithMany().HasForeignKey(p => p.HostId).OnDelete(DeleteBehavior.Restrict);
    }
}
