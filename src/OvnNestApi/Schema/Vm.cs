using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A VM: the parent port of its containers and the scope of their VLAN tags, with a bridge of its own on the host.</summary>
public sealed class Vm : LogicalPort
{
    /// <summary>Id of the host that the VM must be on; null if none.</summary>
    public Guid? HostId { get; set; }

    /// <summary>Name of the VM's bridge on the host, at most 15 bytes.</summary>
    public required string Bridge { get; set; }

    /// <summary>Default ranges: all tags except 1, which many switches treat as untagged.</summary>
    public const string DefaultVlanRanges = "2-4094";

    /// <summary>Tags that can be allocated to its containers, in canonical form.</summary>
    public string VlanRanges { get; set; } = DefaultVlanRanges;

    /// <summary>
    /// Where the search for a never-used tag starts: all lower tags of the ranges were used. Greater than 4094 if all were.
    /// </summary>
    public int NextTag { get; set; }

    /// <summary>
    /// Interface that connects the VM's bridge to its uplink; null to connect it to the integration bridge by a patch pair.
    /// </summary>
    public string? UplinkInterface { get; set; }

    /// <summary>
    /// Name of the port before a silent former host was left by force: that host may still serve the name, so the port does not get it
    /// again. Null if no host was left.
    /// </summary>
    public string? LeftPortName { get; set; }
}

internal sealed class VmMapping : IEntityTypeConfiguration<Vm>
{
    public void Configure(EntityTypeBuilder<Vm> vm)
    {
        vm.ToTable("vms").HasResource(unique: true);
        // The partial index does not serve a query for all ports of a network.
        vm.HasIndex(v => v.NetworkId);
        vm.HasIndex(v => v.NetworkId, "ix_vms_allowed").HasFilter("allowed_addresses <> '{}'").HasDatabaseName("ix_vms_allowed");
        vm.HasOne<Network>().WithMany().HasForeignKey(v => v.NetworkId).OnDelete(DeleteBehavior.Restrict);
        vm.HasOne<Host>().WithMany().HasForeignKey(v => v.HostId).OnDelete(DeleteBehavior.Restrict);
    }
}
