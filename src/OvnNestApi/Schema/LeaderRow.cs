using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>The one row that says which process reconciles, and what it last saw. Times are the database's.</summary>
public sealed class LeaderRow
{
    /// <summary>Always 1: there is one row.</summary>
    public int Id { get; init; } = 1;

    /// <summary>This installation: the value of the fence in the NB begins with it, and hosts mark with it what they make.</summary>
    public Guid Installation { get; init; }

    /// <summary>The process that leads; null: none ever did.</summary>
    public Guid? Holder { get; set; }

    /// <summary>Grows with every change of leader: the fence.</summary>
    public long Epoch { get; set; }

    /// <summary>Renewed every second while the leader lives, whether or not it reaches the NB.</summary>
    public DateTimeOffset? Heartbeat { get; set; }

    /// <summary>Renewed with the heartbeat after a successful echo of the NB with a complete copy: old means the NB is out of reach.</summary>
    public DateTimeOffset? NorthboundSeenAt { get; set; }

    /// <summary>
    /// <c>NB_Global.hv_cfg</c> as last seen by the leader: every chassis has reached this <c>nb_cfg</c> (ovn-nb(5)). Read for tags of which no host
    /// of ours can tell; null: not yet seen.
    /// </summary>
    public long? HvCfg { get; set; }

    /// <summary>Why the NB is out of reach, in the socket's or the server's words; null when it is not.</summary>
    public string? NorthboundError { get; set; }

    /// <summary>Why a pass is held back; null: no brake.</summary>
    public string? Brake { get; set; }

    /// <summary>The removals that are held back, as a hash: what an admin releases; null: no brake.</summary>
    public string? BrakeId { get; set; }

    /// <summary>The <see cref="BrakeId"/> that an admin has released: exactly that plan may be carried out; null: none.</summary>
    public string? ReleasedBrake { get; set; }

    /// <summary>The mode that an admin has set; null: the configuration's.</summary>
    public ReconcilerMode? Mode { get; set; }

    /// <summary>The mode that the leader works in, written with its heartbeat; null: none ever led.</summary>
    public ReconcilerMode? ModeInForce { get; set; }

    /// <summary>When the last pass that had something to do ended; null: none yet.</summary>
    public DateTimeOffset? LastPassAt { get; set; }

    /// <summary>What that pass did, as JSON: <c>full</c>, <c>objects</c>, <c>operations</c>, <c>milliseconds</c>; null: none yet.</summary>
    public string? LastPass { get; set; }

    /// <summary>When the last full comparison ended; null: none since the NB was last (re)loaded.</summary>
    public DateTimeOffset? ResyncedAt { get; set; }
}

internal sealed class LeaderRowMapping : IEntityTypeConfiguration<LeaderRow>
{
    public void Configure(EntityTypeBuilder<LeaderRow> leader)
    {
        leader.ToTable("leader", t => t.HasCheckConstraint("ck_leader_one", "id = 1"));
        leader.Property(l => l.Id).ValueGeneratedNever();
        leader.Property(l => l.Mode).HasConversion<string>();
        leader.Property(l => l.ModeInForce).HasConversion<string>();
        leader.Property(l => l.LastPass).HasColumnType("json");
        leader.Property(l => l.Installation).HasDefaultValueSql("gen_random_uuid()");
    }
}
