using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// A container: a nested logical switch port, whose parent is the port of the VM and whose VLAN tag distinguishes it from its siblings.
/// </summary>
public sealed class Container : LogicalPort
{
    /// <summary>Id of the VM in which the container runs.</summary>
    public required Guid VmId { get; init; }

    /// <summary>Leased VLAN tag, 1–4094. Copied from the bound lease, so that reading a container needs one row.</summary>
    public required int Tag { get; set; }

    /// <summary>Column <c>tag</c> of the NB row as last observed; null if not set.</summary>
    public int? ObservedTag { get; set; }
}

internal sealed class ContainerMapping : IEntityTypeConfiguration<Container>
{
    public void Configure(EntityTypeBuilder<Container> container)
    {
        container.ToTable("containers").HasResource(unique: false);
        container
            .HasIndex(c => new { c.VmId, c.Name }, "ux_containers_name")
            .IsUnique()
            .HasFilter("deleting_since IS NULL")
            .HasDatabaseName("ux_containers_name");
        container
            .HasIndex(c => new { c.VmId, c.Name }, "ix_containers_predecessor")
            .HasFilter("deleting_since IS NOT NULL")
            .HasDatabaseName("ix_containers_predecessor");

        // The two partial indexes above do not serve a query for all containers of a VM.
        container.HasIndex(c => c.VmId);
        container.HasOne<Vm>().WithMany().HasForeignKey(c => c.VmId).OnDelete(DeleteBehavior.Restrict);
        // The partial index does not serve a query for all ports of a network.
        container.HasIndex(c => c.NetworkId);
        container
            .HasIndex(c => c.NetworkId, "ix_containers_allowed")
            .HasFilter("allowed_addresses <> '{}'")
            .HasDatabaseName("ix_containers_allowed");
        container.HasOne<Network>().WithMany().HasForeignKey(c => c.NetworkId).OnDelete(DeleteBehavior.Restrict);
    }
}
