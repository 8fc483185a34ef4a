using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Body of a request for leases.</summary>
public sealed record LeaseBody
{
    /// <summary>Requested state.</summary>
    [Needed]
    public LeaseSpec? Spec { get; init; }

    /// <summary>Ignored. Accepted so that a client can send back what it has read.</summary>
    public JsonElement? Status { get; init; }

    /// <summary>Ignored. Accepted so that a client can send back what it has read.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>Requested state of a lease.</summary>
public sealed record LeaseSpec
{
    internal const int LongestOwner = 128;

    /// <summary>
    /// Owner key that the client chooses, unique among the reserved and bound leases of the VM. A container binds the reserved tag by
    /// naming this key in its <c>spec.lease</c>.
    /// </summary>
    /// <example>web-1</example>
    [Needed, Pattern("^[\\x20-\\x7e]{1,128}$", "1 to 128 printable ASCII characters are expected")]
    public string? Owner { get; init; }

    /// <summary>
    /// Lifetime of the reservation, such as 30m; at most 3650d. A repeated request starts it again. Default: unlimited.
    /// </summary>
    /// <example>30m</example>
    [Ttl]
    public string? Ttl { get; init; }

    /// <summary>
    /// POST only: number of tags to reserve; all or none are reserved. If greater than 1, the owner keys are the owner with -1, -2 and so
    /// on appended.
    /// </summary>
    [Between(1, 4094)]
    public int? Count { get; init; }
}

/// <summary>A lease.</summary>
/// <param name="Spec">Requested state.</param>
/// <param name="Status">Observed state.</param>
/// <param name="Metadata">Identity and version of the grant.</param>
public sealed record LeaseView(LeaseTerms Spec, LeaseStatus Status, LeaseMetadata Metadata);

/// <summary>Requested state of a lease, in a response.</summary>
/// <param name="Owner">Owner key; absent if the tag was granted to a container without a reservation.</param>
/// <param name="Ttl">Lifetime of the reservation as requested; absent if it is unlimited.</param>
public sealed record LeaseTerms(string? Owner, string? Ttl);

/// <summary>Observed state of a lease.</summary>
/// <param name="Tag">VLAN tag.</param>
/// <param name="State">
/// State of the lease: reserved, bound, draining, cooling, or foreign: a port that this service did not create uses the tag.
/// </param>
/// <param name="Container">
/// Container that the tag is bound to, or was bound to last; absent if the tag is reserved or was used by others.
/// </param>
/// <param name="Since">Time since when the lease is in this state.</param>
/// <param name="ExpiresAt">Time when the reservation ends; absent if it does not end.</param>
/// <param name="FreeAt">Time when the tag becomes free; only while cooling.</param>
/// <param name="WaitingFor">
/// While draining: what has not confirmed the removal yet, and why. While cooling: the end of the cool-down. While foreign: the port that
/// uses the tag. Otherwise empty.
/// </param>
public sealed record LeaseStatus(
    int Tag,
    LeaseState State,
    string? Container,
    DateTimeOffset Since,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? FreeAt,
    IReadOnlyList<string> WaitingFor
);

/// <summary>Identity and version of a grant.</summary>
/// <param name="Kind">Always vlan-lease.</param>
/// <param name="Vm">Name of the VM.</param>
/// <param name="Id">Id of the grant. A tag that is granted again gets a new id, so <c>If-Match</c> of an earlier grant fails.</param>
/// <param name="Revision">Increases with every change of the lease.</param>
public sealed record LeaseMetadata(string Kind, string Vm, Guid Id, long Revision);

/// <summary>Leases that one request reserved.</summary>
/// <param name="Items">The leases, ordered by tag.</param>
public sealed record LeasesView(IReadOnlyList<LeaseView> Items);
