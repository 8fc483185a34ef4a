using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A container: a nested logical port whose parent is the VM's, told apart by its VLAN tag.</summary>
public sealed class Container : LogicalPort
{
    /// <summary>The VM that it runs in.</summary>
    public required Guid VmId { get; init; }

    /// <summary>The leased tag, 1–4094 (the bound lease's; kept here so that one row says all).</summary>
    public required int Tag { get; set; }

    /// <summary>The NB's <c>tag</c> column as last observed; null: none.</summary>
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

        // The two above are of some of the rows: who asks for all containers of a VM would read the whole table.
        container.HasIndex(c => c.VmId);
        container.HasOne<Vm>().WithMany().HasForeignKey(c => c.VmId).OnDelete(DeleteBehavior.Restrict);
        container.HasOne<Network>().WithMany().HasForeignKey(c => c.NetworkId).OnDelete(DeleteBehavior.Restrict);
    }
}
