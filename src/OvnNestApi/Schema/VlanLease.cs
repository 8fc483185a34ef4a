using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A VLAN tag of a VM that is not free. The unique index allows one row per (VM, tag), whatever its state.</summary>
public sealed class VlanLease
{
    /// <summary>Id of this grant; a tag that is granted again gets a new id.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Id of the VM.</summary>
    public required Guid VmId { get; init; }

    /// <summary>VLAN tag, 1–4094.</summary>
    public required int Tag { get; init; }

    /// <summary>State of the tag.</summary>
    public LeaseState State { get; set; }

    /// <summary>Id of the container that has the tag (bound) or had it (draining, cooling); null if reserved, or used by others.</summary>
    public Guid? ContainerId { get; set; }

    /// <summary>Name of that container, whose next incarnation can get the tag without a cool-down; null if reserved.</summary>
    public string? ContainerName { get; set; }

    /// <summary>
    /// While draining: id of the container that gets the tag without a cool-down when the release is confirmed: the next incarnation, or
    /// a container with which the tag was exchanged; null if none.
    /// </summary>
    public Guid? SuccessorId { get; set; }

    /// <summary>Owner key of a reservation, 1–128 printable characters; null if the tag was allocated to a container directly.</summary>
    public string? Owner { get; set; }

    /// <summary>Lifetime of the reservation as sent ("30m"); null if unlimited.</summary>
    public string? Ttl { get; set; }

    /// <summary>Time when the reservation expires; null if never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Time since when the lease is in <see cref="State"/>.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>
    /// While draining: <c>NB_Global.nb_cfg</c> of the transaction that removed the tag from the NB; null while the tag is still there.
    /// </summary>
    public long? DrainNbCfg { get; set; }

    /// <summary>
    /// While draining: true if no agent can confirm that the flows of the tag are gone, because no host was given the tag or its agent
    /// cannot see the flows. Then <c>hv_cfg</c> must show that every chassis has reached <see cref="DrainNbCfg"/>.
    /// </summary>
    public bool AwaitsAllChassis { get; set; }

    /// <summary>While cooling: time when the tag becomes free.</summary>
    public DateTimeOffset? CoolUntil { get; set; }

    /// <summary>IPv4 address of the deleted container, which its next incarnation gets if it is still free; null if none.</summary>
    public Ipv4? FormerIp { get; set; }

    /// <summary>MAC address of the deleted container, kept for the same purpose; null while the container exists.</summary>
    public MacAddress? FormerMac { get; set; }

    /// <summary>
    /// Port that this service did not create and that uses the tag, or used it before it drained, such as "port p1 (UUID) in the northbound
    /// database" or "a port on the bridge of host ubuntu2"; null if there is none.
    /// </summary>
    public string? UsedBy { get; set; }

    /// <summary>Revision of the writable fields, for the ETag.</summary>
    public long Revision { get; set; } = 1;
}

/// <summary>State of a tag that is not free.</summary>
public enum LeaseState
{
    /// <summary>Reserved for an owner key; no container has it.</summary>
    Reserved,

    /// <summary>A container has it.</summary>
    Bound,

    /// <summary>Released; a host or the NB may still use it.</summary>
    Draining,

    /// <summary>No longer used anywhere; free after the cool-down.</summary>
    Cooling,

    /// <summary>A port of the VM in the NB that this service did not create has the tag.</summary>
    Foreign,
}

/// <summary>Record that a host was given a tag and has not yet confirmed that it no longer uses it.</summary>
public sealed class LeaseHold
{
    /// <summary>Id of the lease.</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>Id of the host that has to confirm.</summary>
    public required Guid HostId { get; init; }

    /// <summary>First <see cref="Host.WorkRevision"/> whose work does not contain the tag; null while the work contains it.</summary>
    public long? AfterRevision { get; set; }

    /// <summary>
    /// True if the host has reported, at or after <see cref="AfterRevision"/>, that no port on the VM's bridge has the tag.
    /// </summary>
    public bool Clear { get; set; }

    /// <summary>True if at that time no interface of the VM was on the integration bridge, so no flow can reach the tag there.</summary>
    public bool Detached { get; set; }
}

internal sealed class VlanLeaseMapping : IEntityTypeConfiguration<VlanLease>, IEntityTypeConfiguration<LeaseHold>
{
    public void Configure(EntityTypeBuilder<VlanLease> lease)
    {
        lease.ToTable("vlan_leases", t => t.HasCheckConstraint("ck_vlan_leases_tag", "tag BETWEEN 1 AND 4094"));
        lease.HasIndex(l => new { l.VmId, l.Tag }).IsUnique().HasDatabaseName("ux_vlan_leases_tag");
        // EF distinguishes two indexes on the same columns by their names only.
        lease
            .HasIndex(l => l.ContainerId, "ux_vlan_leases_container")
            .IsUnique()
            .HasFilter("state = 'Bound'")
            .HasDatabaseName("ux_vlan_leases_container");
        lease
            .HasIndex(l => new { l.VmId, l.Owner }, "ux_vlan_leases_owner")
            .IsUnique()
            .HasFilter("state IN ('Reserved', 'Bound')")
            .HasDatabaseName("ux_vlan_leases_owner");
        lease
            .HasIndex(l => new { l.VmId, l.Owner }, "ix_vlan_leases_owner")
            .HasFilter("owner IS NOT NULL")
            .HasDatabaseName("ix_vlan_leases_owner");
        lease.HasIndex(l => l.CoolUntil).HasFilter("state = 'Cooling'");
        lease.HasIndex(l => l.ContainerId, "ix_vlan_leases_former").HasFilter("state <> 'Bound'").HasDatabaseName("ix_vlan_leases_former");
        lease.HasIndex(l => l.SuccessorId).HasFilter("successor_id IS NOT NULL");
        lease.HasIndex(l => new { l.VmId, l.ContainerName }).HasDatabaseName("ix_vlan_leases_name");
        lease.HasIndex(l => l.ExpiresAt).HasFilter("state = 'Reserved'");
        lease.HasIndex(l => l.Since).HasFilter("state = 'Draining'").HasDatabaseName("ix_vlan_leases_draining");
        lease
            .HasIndex(l => l.DrainNbCfg)
            .HasFilter("state = 'Draining' AND drain_nb_cfg IS NULL")
            .HasDatabaseName("ix_vlan_leases_in_northbound");
        lease.HasIndex(l => l.VmId, "ix_vlan_leases_foreign").HasFilter("state = 'Foreign'").HasDatabaseName("ix_vlan_leases_foreign");
        lease.HasOne<Vm>().WithMany().HasForeignKey(l => l.VmId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<LeaseHold> hold)
    {
        hold.ToTable("lease_holds").HasKey(h => new { h.LeaseId, h.HostId });
        hold.HasIndex(h => h.HostId);
        hold.HasOne<VlanLease>().WithMany().HasForeignKey(h => h.LeaseId).OnDelete(DeleteBehavior.Cascade);
        hold.HasOne<Host>().WithMany().HasForeignKey(h => h.HostId).OnDelete(DeleteBehavior.Restrict);
    }
}
