using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A machine that runs VMs and an agent.</summary>
public sealed class Host : Resource
{
    /// <summary>Requested name of the OVN chassis; null to use the name that the agent reports.</summary>
    public string? Chassis { get; set; }

    /// <summary>Name of the OVN integration bridge on the host.</summary>
    public string IntegrationBridge { get; set; } = "br-int";

    /// <summary>
    /// Increases, in the writing transaction, whenever the work of the host may have changed; the number in the cursor of the work.
    /// </summary>
    public long WorkRevision { get; set; }
}

/// <summary>
/// Last report of the host's agent. A separate table, so that heartbeats and writes of <see cref="Host"/> do not block each other.
/// </summary>
public sealed class HostStatus
{
    /// <summary>Id of the host.</summary>
    public required Guid HostId { get; init; }

    /// <summary>Time of the last contact (an open poll or a report), by the database's clock; null if never.</summary>
    public DateTimeOffset? SeenAt { get; set; }

    /// <summary><c>system-id</c> of the host's Open vSwitch as reported; null if not reported yet.</summary>
    public string? SystemId { get; set; }

    /// <summary><c>ovn-nb-cfg</c> of the integration bridge as reported; null if not reported yet.</summary>
    public long? NbCfg { get; set; }

    /// <summary>Largest MTU in bytes that OVN's tunnels of the host carry; null if unknown.</summary>
    public int? TunnelMtu { get; set; }

    /// <summary><see cref="Host.WorkRevision"/> of the work that was applied last.</summary>
    public long AppliedRevision { get; set; }

    /// <summary>Items on the host that carry the owner mark but are not part of its work, one sentence each.</summary>
    public string[] Unknown { get; set; } = [];

    /// <summary>Id of the present session of the host's agent; null if none was opened.</summary>
    public Guid? SessionId { get; set; }

    /// <summary>Number of the present session: it grows with each session of the host.</summary>
    public long SessionNumber { get; set; }

    /// <summary>
    /// <c>system-id</c> that the sessions of the host must have, from the first session after an enrolment; null if there was none yet.
    /// </summary>
    public string? BoundSystemId { get; set; }

    /// <summary>Why an agent with the host's key was last refused; null if none was since the last session was opened.</summary>
    public string? Refusal { get; set; }
}

/// <summary>Credential of a host's agent. Only the hash of the key is stored.</summary>
public sealed class HostCredential
{
    /// <summary>Id of the credential.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Id of the host that the credential belongs to.</summary>
    public required Guid HostId { get; init; }

    /// <summary>SHA-256 of the key, 32 bytes.</summary>
    public required byte[] KeySha256 { get; init; }

    /// <summary>Time of the enrolment.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One-time token with which an agent registers its key.</summary>
public sealed class Enrolment
{
    /// <summary>Id of the enrolment.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Id of the host that the token is for.</summary>
    public required Guid HostId { get; init; }

    /// <summary>SHA-256 of the token, 32 bytes.</summary>
    public required byte[] TokenSha256 { get; init; }

    /// <summary>Time of expiry.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>
    /// Hash of the key that was registered with the token; null if not used. Repeating it with the same key succeeds; another key is
    /// rejected.
    /// </summary>
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
