using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>Who had a tag of a VM, from when to when. Kept beyond the container and the VM; also the order in which used tags are given again.</summary>
public sealed class TagTenure
{
    /// <summary>Grows with every grant: the fencing number.</summary>
    public long Id { get; init; }

    /// <summary>The VM, which may be gone.</summary>
    public required Guid VmId { get; init; }

    /// <summary>The VM's name.</summary>
    public required string VmName { get; init; }

    /// <summary>1–4094.</summary>
    public required int Tag { get; init; }

    /// <summary>The grant.</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>The container that had it; null: it was reserved.</summary>
    public Guid? ContainerId { get; init; }

    /// <summary>That container's name; null: it was reserved.</summary>
    public string? ContainerName { get; init; }

    /// <summary>The reservation's key; null: a container drew the tag itself.</summary>
    public string? Owner { get; init; }

    /// <summary>When it was granted.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>When everybody had confirmed that it is not used any more; null: it is held.</summary>
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
