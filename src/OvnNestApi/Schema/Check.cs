using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// A connectivity check: a ping from the network namespace of a VM or container, which the agent of its host sends. It has no foreign keys,
/// so it costs nothing when its resources are deleted; it is deleted after its retention.
/// </summary>
public sealed class Check
{
    /// <summary>Number of echo requests if the client requests none.</summary>
    public const int DefaultCount = 3;

    /// <summary>Id of the check; later ones have greater ids.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Id of the VM or container from which the ping is sent.</summary>
    public required Guid ObjectId { get; init; }

    /// <summary>Id of the host whose agent runs the check.</summary>
    public required Guid HostId { get; init; }

    /// <summary>Name of that host.</summary>
    public required string Host { get; init; }

    /// <summary>Name of the network namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Target as the client requested it.</summary>
    public required string Target { get; init; }

    /// <summary>IPv4 address of the target.</summary>
    public required Ipv4 Address { get; init; }

    /// <summary>Number of echo requests, 1–10.</summary>
    public required int Count { get; init; }

    /// <summary>Principal that requested the check, see <see cref="Actor"/>.</summary>
    public required string By { get; init; }

    /// <summary>Time of the request, by the database's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Time of the result or of the failure; null while there is none.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Number of echo requests that were sent; null without a result.</summary>
    public int? Sent { get; set; }

    /// <summary>Number of replies that arrived in time; null without a result.</summary>
    public int? Received { get; set; }

    /// <summary>Shortest round-trip time in milliseconds; null without a reply.</summary>
    public double? MinMs { get; set; }

    /// <summary>Mean round-trip time in milliseconds; null without a reply.</summary>
    public double? AvgMs { get; set; }

    /// <summary>Longest round-trip time in milliseconds; null without a reply.</summary>
    public double? MaxMs { get; set; }

    /// <summary>Why there is no result or no reply; null if there is a reply, or the check is pending.</summary>
    public CheckReason? Reason { get; set; }

    /// <summary>The reason as a sentence; null if there is nothing more to say.</summary>
    public string? Message { get; set; }
}

/// <summary>Why a check has no reply.</summary>
public enum CheckReason
{
    /// <summary>The agent of the host has not sent a result yet.</summary>
    HostPending,

    /// <summary>The agent of the host is silent, or has not sent a result in time.</summary>
    HostSilent,

    /// <summary>The host does not have the namespace of the VM or container.</summary>
    NoNamespace,

    /// <summary>The namespace has no route to the address, or no device that is up.</summary>
    NoRoute,

    /// <summary>The agent could not send the ping because of another error.</summary>
    Error,

    /// <summary>The ping was sent, but no reply arrived.</summary>
    NoReply,
}

internal sealed class CheckMapping : IEntityTypeConfiguration<Check>
{
    public void Configure(EntityTypeBuilder<Check> check)
    {
        check.ToTable("checks");
        check.Property(c => c.Id).ValueGeneratedNever();
        check.HasIndex(c => new { c.ObjectId, c.Id });
        check.HasIndex(c => c.HostId).HasFilter("finished_at IS NULL").HasDatabaseName("ix_checks_pending");
        check.HasIndex(c => c.CreatedAt);
    }
}
