using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// The single row that names the leading process and stores its last observations. All times are by the database's clock.
/// </summary>
public sealed class LeaderRow
{
    /// <summary>Always 1.</summary>
    public int Id { get; init; } = 1;

    /// <summary>Id of this installation. It starts the fence value in the NB and is part of every owner mark.</summary>
    public Guid Installation { get; init; }

    /// <summary>Id of the leading process; null if no process has led yet.</summary>
    public Guid? Holder { get; set; }

    /// <summary>Epoch: increases with every change of leader and fences the writes of former leaders.</summary>
    public long Epoch { get; set; }

    /// <summary>Last heartbeat of the leader, renewed every second even if the NB is unreachable; null if none.</summary>
    public DateTimeOffset? Heartbeat { get; set; }

    /// <summary>
    /// Time when the leader last had a complete copy of the NB and a successful echo; an old value means that the NB is unreachable.
    /// </summary>
    public DateTimeOffset? NorthboundSeenAt { get; set; }

    /// <summary>
    /// <c>NB_Global.hv_cfg</c> as last seen by the leader: every chassis has reached this <c>nb_cfg</c> (ovn-nb(5)). It confirms the
    /// release of tags that no agent can confirm. Null if not seen yet.
    /// </summary>
    public long? HvCfg { get; set; }

    /// <summary>
    /// Time since when the leader has no complete copy of the NB, or the NB does not answer it; null if it has one and the NB answers.
    /// Another process that reaches the NB then becomes the leader.
    /// </summary>
    public DateTimeOffset? NorthboundLostAt { get; set; }

    /// <summary>Error of the connection to the NB; null if there is none.</summary>
    public string? NorthboundError { get; set; }

    /// <summary>Error of the last pass, if it failed; null if it did not.</summary>
    public string? PassError { get; set; }

    /// <summary>Time since when all passes have failed; null if the last one did not.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>What the safety brake withholds, as JSON; null if nothing.</summary>
    public string? Brake { get; set; }

    /// <summary>Hash of the changes that are withheld, which an admin can release; null if none are.</summary>
    public string? BrakeId { get; set; }

    /// <summary><see cref="BrakeId"/> that an admin has released: exactly these changes can be carried out. Null if none.</summary>
    public string? ReleasedBrake { get; set; }

    /// <summary>The last <see cref="ReleasedBrake"/> that was carried out, which is not valid again; null if there is none.</summary>
    public string? UsedRelease { get; set; }

    /// <summary>
    /// Id of another installation from which an admin lets this one take the instance in the NB. Null if none, and as soon as this
    /// installation has the instance.
    /// </summary>
    public Guid? TakesInstanceFrom { get; set; }

    /// <summary>Mode that an admin has set; null to use the configured mode.</summary>
    public ReconcilerMode? Mode { get; set; }

    /// <summary>Mode that the leader uses, written with its heartbeat; null if no process has led yet.</summary>
    public ReconcilerMode? ModeInForce { get; set; }

    /// <summary>Time when the last pass that changed or tried something ended; null if none yet.</summary>
    public DateTimeOffset? LastPassAt { get; set; }

    /// <summary>
    /// Result of that pass as JSON: <c>full</c>, <c>objects</c>, <c>operations</c>, <c>milliseconds</c>; null if none yet.
    /// </summary>
    public string? LastPass { get; set; }

    /// <summary>Time when the last full resync ended; null if none since the NB was last (re)loaded.</summary>
    public DateTimeOffset? ResyncedAt { get; set; }
}

internal sealed class LeaderRowMapping : IEntityTypeConfiguration<LeaderRow>
{
    public void Configure(EntityTypeBuilder<LeaderRow> leader)
    {
        leader.ToTable("leader", t => t.HasCheckConstraint("ck_leader_one", "id = 1"));
        leader.Property(l => l.Id).ValueGeneratedNever();
        leader.Property(l => l.LastPass).HasColumnType("json");
        leader.Property(l => l.Brake).HasColumnType("json");
        leader.Property(l => l.Installation).HasDefaultValueSql("gen_random_uuid()");
    }
}
