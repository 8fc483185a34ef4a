using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A machine that runs VMs, with an agent.</summary>
public sealed class Host : Resource
{
    /// <summary>OVN's name of the chassis as asked for; null: what the agent reports.</summary>
    public string? Chassis { get; set; }

    /// <summary>OVN's bridge on the host.</summary>
    public string IntegrationBridge { get; set; } = "br-int";

    /// <summary>Grows, in the writing transaction, whenever this host's work may have changed: the number in the work's cursor.</summary>
    public long WorkRevision { get; set; }
}

/// <summary>What the host's agent has told, apart from <see cref="Host"/> so that heartbeats and writes do not wait for each other.</summary>
public sealed class HostStatus
{
    /// <summary>The host.</summary>
    public required Guid HostId { get; init; }

    /// <summary>A poll was open, or a report came, at this time of the database's clock; null: never.</summary>
    public DateTimeOffset? SeenAt { get; set; }

    /// <summary>The <c>system-id</c> that the agent reports; null: not yet.</summary>
    public string? SystemId { get; set; }

    /// <summary>br-int's <c>ovn-nb-cfg</c>; null: not yet.</summary>
    public long? NbCfg { get; set; }

    /// <summary>The <see cref="Host.WorkRevision"/> of the work that was applied last.</summary>
    public long AppliedRevision { get; set; }

    /// <summary>What bears our mark on the host and was never asked for, one sentence each.</summary>
    public string[] Unknown { get; set; } = [];
}

/// <summary>The key of a host's agent. The key itself is never stored.</summary>
public sealed class HostCredential
{
    /// <summary>Identity.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The host that it speaks for.</summary>
    public required Guid HostId { get; init; }

    /// <summary>SHA-256 of the key, 32 bytes.</summary>
    public required byte[] KeySha256 { get; init; }

    /// <summary>When it was enrolled.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A one-time token with which an agent makes its key known.</summary>
public sealed class Enrolment
{
    /// <summary>Identity.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The host that the token is for.</summary>
    public required Guid HostId { get; init; }

    /// <summary>SHA-256 of the token, 32 bytes.</summary>
    public required byte[] TokenSha256 { get; init; }

    /// <summary>After this it is worth nothing.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The hash that the token was used for; null: not used. The same hash again has the same answer, another is refused.</summary>
    public byte[]? KeySha256 { get; set; }
}

internal sealed class HostMapping
    : IEntityTypeConfiguration<Host>,
        IEntityTypeConfiguration<HostStatus>,
        IEntityTypeConfiguration<HostCredential>,
        IEntityTypeConfiguration<Enrolment>
{
    public void Configure(EntityTypeBuilder<Host> host) => host.ToTable("hosts").HasResource(unique: true);

    public void Configure(EntityTypeBuilder<HostStatus> status)
    {
        status.ToTable("host_status").HasKey(s => s.HostId);
        status.HasOne<Host>().WithOne().HasForeignKey<HostStatus>(s => s.HostId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<HostCredential> credential)
    {
        credential.ToTable("host_credentials");
        credential.HasIndex(c => c.KeySha256).IsUnique();
        credential.HasOne<Host>().WithMany().HasForeignKey(c => c.HostId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<Enrolment> enrolment)
    {
        enrolment.ToTable("enrolments");
        enrolment.HasIndex(e => e.TokenSha256).IsUnique();
        enrolment.HasOne<Host>().WithMany().HasForeignKey(e => e.HostId).OnDelete(DeleteBehavior.Cascade);
    }
}
