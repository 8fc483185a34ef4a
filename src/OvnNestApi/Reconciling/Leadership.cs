using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Reconciling;

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

    /// <summary>Why the NB is out of reach, in the socket's or the server's words; null when it is not.</summary>
    public string? NorthboundError { get; set; }

    /// <summary>Why a full pass is held back; null: no brake.</summary>
    public string? Brake { get; set; }

    /// <summary>When the last full comparison ended; null: none since the NB was last (re)loaded.</summary>
    public DateTimeOffset? ResyncedAt { get; set; }
}

internal sealed class LeaderRowMapping : IEntityTypeConfiguration<LeaderRow>
{
    public void Configure(EntityTypeBuilder<LeaderRow> leader)
    {
        leader.ToTable("leader", t => t.HasCheckConstraint("ck_leader_one", "id = 1"));
        leader.Property(l => l.Id).ValueGeneratedNever();
        leader.Property(l => l.Installation).HasDefaultValueSql("gen_random_uuid()");
    }
}
