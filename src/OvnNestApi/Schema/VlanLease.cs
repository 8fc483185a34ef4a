using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A VLAN tag of one VM that is not free. One row per (VM, tag), whatever its state: the unique index is the promise.</summary>
public sealed class VlanLease
{
    /// <summary>Identity of this grant: a tag that is given out again has a new one (the fence).</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The VM whose trunk bears the tag.</summary>
    public required Guid VmId { get; init; }

    /// <summary>1–4094.</summary>
    public required int Tag { get; init; }

    /// <summary>Where it stands between reserved and free.</summary>
    public LeaseState State { get; set; }

    /// <summary>The container that has it (bound) or had it (draining, cooling); null when reserved.</summary>
    public Guid? ContainerId { get; set; }

    /// <summary>That container's name: a new incarnation of it may have the tag without waiting; null when reserved.</summary>
    public string? ContainerName { get; set; }

    /// <summary>While draining: the incarnation of the same container's name that becomes its owner when the release is confirmed, without cooling.</summary>
    public Guid? SuccessorId { get; set; }

    /// <summary>The client's key of a reservation, 1–128 printable characters; null for a lease that a container drew itself.</summary>
    public string? Owner { get; set; }

    /// <summary>The reservation's time as the client sent it ("30m"); null: for ever.</summary>
    public string? Ttl { get; set; }

    /// <summary>When a reservation ends; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Since when <see cref="State"/> holds.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>While draining: the <c>NB_Global.nb_cfg</c> of the transaction that took the tag out of the NB; null: it is still there.</summary>
    public long? DrainNbCfg { get; set; }

    /// <summary>
    /// While draining: no host of ours was given the tag, or an agent that sees no flows was, so nobody but <c>hv_cfg</c> can tell that every
    /// chassis has reached <see cref="DrainNbCfg"/>.
    /// </summary>
    public bool AwaitsAllChassis { get; set; }

    /// <summary>While cooling: when it becomes free.</summary>
    public DateTimeOffset? CoolUntil { get; set; }

    /// <summary>After its container is gone: the address that it had, which the next incarnation of its name gets if nobody has taken it since.</summary>
    public Ipv4? FormerIp { get; set; }

    /// <summary>The same of the MAC address; null while the container is there.</summary>
    public MacAddress? FormerMac { get; set; }

    /// <summary>Revision of what can be written of it, for the ETag.</summary>
    public long Revision { get; set; } = 1;
}

/// <summary>The states of a tag that is not free.</summary>
public enum LeaseState
{
    /// <summary>Held by its owner's key, no container uses it.</summary>
    Reserved,

    /// <summary>A container has it.</summary>
    Bound,

    /// <summary>Released; a host or the NB may still use it.</summary>
    Draining,

    /// <summary>Confirmed gone everywhere; free after the cool-down.</summary>
    Cooling,
}

/// <summary>A host that was given a tag and has not confirmed since that nothing of it is left.</summary>
public sealed class LeaseHold
{
    /// <summary>The lease.</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>The host that owes the confirmation.</summary>
    public required Guid HostId { get; init; }

    /// <summary>The host's <see cref="Host.WorkRevision"/> from which on its work does not contain the tag; null: it still does.</summary>
    public long? AfterRevision { get; set; }

    /// <summary>At or past <see cref="AfterRevision"/> the host has seen no port with the tag on the VM's bridge.</summary>
    public bool Clear { get; set; }

    /// <summary>At that time no interface of the VM was on the integration bridge: no flow can lead to the tag there.</summary>
    public bool Detached { get; set; }
}

internal sealed class VlanLeaseMapping : IEntityTypeConfiguration<VlanLease>, IEntityTypeConfiguration<LeaseHold>
{
    public void Configure(EntityTypeBuilder<VlanLease> lease)
    {
        lease.ToTable("vlan_leases", t => t.HasCheckConstraint("ck_vlan_leases_tag", "tag BETWEEN 1 AND 4094"));
        lease.Property(l => l.State).HasConversion<string>();
        lease.HasIndex(l => new { l.VmId, l.Tag }).IsUnique().HasDatabaseName("ux_vlan_leases_tag");
        // Two indexes on one column: EF tells them apart by name alone.
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
        lease.HasIndex(l => new { l.VmId, l.ContainerName }).HasFilter("former_mac IS NOT NULL").HasDatabaseName("ix_vlan_leases_former");
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
