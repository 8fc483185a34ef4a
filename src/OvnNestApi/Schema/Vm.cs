using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A VM: the parent port, its bridge on the host, and the scope of its containers' tags.</summary>
public sealed class Vm : LogicalPort
{
    /// <summary>The host that it shall be on; null: none.</summary>
    public Guid? HostId { get; set; }

    /// <summary>The VM's own bridge, at most 15 bytes.</summary>
    public required string Bridge { get; set; }

    /// <summary>All tags but 1, which many switches take for untagged.</summary>
    public const string DefaultVlanRanges = "2-4094";

    /// <summary>Tags that may be chosen for its containers, canonical.</summary>
    public string VlanRanges { get; set; } = DefaultVlanRanges;

    /// <summary>The lowest tag that may never have been used: each of the ranges below it was. Past the highest when all were.</summary>
    public int NextTag { get; set; }

    /// <summary>Null: a patch pair. Otherwise the interface that leads out.</summary>
    public string? UplinkInterface { get; set; }
}

internal sealed class VmMapping : IEntityTypeConfiguration<Vm>
{
    public void Configure(EntityTypeBuilder<Vm> vm)
    {
        vm.ToTable("vms").HasResource(unique: true);
        vm.HasOne<Network>().WithMany().HasForeignKey(v => v.NetworkId).OnDelete(DeleteBehavior.Restrict);
        vm.HasOne<Host>().WithMany().HasForeignKey(v => v.HostId).OnDelete(DeleteBehavior.Restrict);
    }
}
