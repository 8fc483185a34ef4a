using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// Entry of the tag history: the holder of a VM's tag, from when to when. It outlives the container and the VM, and orders the reuse of
/// tags.
/// </summary>
public sealed class TagTenure
{
    /// <summary>Increases with every grant, so it can serve as a fencing number.</summary>
    public long Id { get; init; }

    /// <summary>Id of the VM, which may no longer exist.</summary>
    public required Guid VmId { get; init; }

    /// <summary>Name of the VM.</summary>
    public required string VmName { get; init; }

    /// <summary>VLAN tag, 1–4094.</summary>
    public required int Tag { get; init; }

    /// <summary>Id of the lease (grant).</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>Id of the container that had the tag; null for a reservation.</summary>
    public Guid? ContainerId { get; init; }

    /// <summary>Name of that container; null for a reservation.</summary>
    public string? ContainerName { get; init; }

    /// <summary>Owner key of the reservation; null if the tag was allocated to a container directly.</summary>
    public string? Owner { get; init; }

    /// <summary>Time of the grant.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Time when the end of its use was confirmed everywhere; null while the tag is held.</summary>
    public DateTimeOffset? Until { get; set; }
}

internal sealed class TagTenureMapping : IEntityTypeConfiguration<TagTenure>
{
    public void Configure(EntityTypeBuilder<TagTenure> tenure)
    {
        tenure.ToTable("vlan_history");
        tenure.Property(t => t.Id).UseIdentityAlwaysColumn();
        tenure.HasIndex(t => new
        {
            t.VmId,
            t.Tag,
            t.Until,
        });
        tenure.HasIndex(t => t.LeaseId).HasFilter("until IS NULL");
        tenure.HasIndex(t => new { t.VmName, t.Id });
    }
}
