using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OvnNestApi.Contracts;

namespace OvnNestApi.Schema;

/// <summary>
/// What a host still has to remove although nothing waits for it: a removal that an admin's <c>force</c> did not wait for, because the host
/// was silent, or an unknown item that an admin wants removed. It is part of the host's removals until the host confirms it.
/// </summary>
public sealed class Leftover
{
    /// <summary>Id of the host.</summary>
    public required Guid HostId { get; init; }

    /// <summary>Id of the VM or container, from the owner marks on the host. The resource may no longer exist.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>Kind of the resource.</summary>
    public required RemovalKind Kind { get; init; }

    /// <summary>Name of the resource, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>First <see cref="Host.WorkRevision"/> that lists the removal: a report on older work confirms nothing.</summary>
    public long Revision { get; set; }

    /// <summary>Name of the device, as sent to the host.</summary>
    public required string Interface { get; init; }

    /// <summary>Name of the namespace, as sent to the host.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the VM's bridge, as sent to the host.</summary>
    public required string Bridge { get; init; }
}

internal sealed class LeftoverMapping : IEntityTypeConfiguration<Leftover>
{
    public void Configure(EntityTypeBuilder<Leftover> leftover)
    {
        leftover.ToTable("leftovers").HasKey(l => new { l.HostId, l.ObjectId });
        leftover.HasOne<Host>().WithMany().HasForeignKey(l => l.HostId).OnDelete(DeleteBehavior.Cascade);
    }
}
