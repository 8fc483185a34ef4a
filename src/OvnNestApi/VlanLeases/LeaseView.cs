using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>A lease as a client may send it.</summary>
public sealed record LeaseBody
{
    /// <summary>What is asked for.</summary>
    [Needed]
    public LeaseSpec? Spec { get; init; }

    /// <summary>Accepted and ignored, so that what was read can be sent back.</summary>
    public JsonElement? Status { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>What can be asked of a lease.</summary>
public sealed record LeaseSpec
{
    internal const int LongestOwner = 128;

    /// <summary>
    /// The client's own key, unique among the VM's reserved and bound leases. A container takes the tag by naming it as its <c>lease</c>.
    /// </summary>
    /// <example>web-1</example>
    [Needed, Pattern("^[\\x20-\\x7e]{1,128}$", "1 to 128 printable ASCII characters are expected")]
    public string? Owner { get; init; }

    /// <summary>How long the reservation holds, such as 30m, at most 3650d; sent again it is renewed. Default: for ever.</summary>
    /// <example>30m</example>
    [Ttl]
    public string? Ttl { get; init; }

    /// <summary>POST only: how many, all or none. Of several each has the owner with -1, -2 … behind it.</summary>
    [Between(1, 4094)]
    public int? Count { get; init; }
}

/// <summary>A lease.</summary>
/// <param name="Spec">As sent; without an owner when a container drew the tag itself.</param>
/// <param name="Status">What is.</param>
/// <param name="Metadata">Identity of the grant.</param>
public sealed record LeaseView(LeaseSpec Spec, LeaseStatus Status, LeaseMetadata Metadata);

/// <summary>What is of a lease.</summary>
/// <param name="Tag">The VLAN tag.</param>
/// <param name="State">reserved, bound, draining or cooling.</param>
/// <param name="Container">The container that has it, or had it; absent when reserved.</param>
/// <param name="Since">Since when the state holds.</param>
/// <param name="ExpiresAt">When the reservation ends; absent: never.</param>
/// <param name="FreeAt">While cooling: when the tag may be had again.</param>
/// <param name="WaitingFor">While draining: who has not confirmed yet, and what is missing. While cooling: the cool-down. Else empty.</param>
public sealed record LeaseStatus(
    int Tag,
    LeaseState State,
    string? Container,
    DateTimeOffset Since,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? FreeAt,
    IReadOnlyList<string> WaitingFor
);

/// <summary>Identity of a grant.</summary>
/// <param name="Kind">Always vlan-lease.</param>
/// <param name="Vm">The VM.</param>
/// <param name="Id">A tag that is given out again has another: <c>If-Match</c> with a former one fails.</param>
/// <param name="Revision">Grows with each change.</param>
public sealed record LeaseMetadata(string Kind, string Vm, Guid Id, long Revision);

/// <summary>Several leases at once.</summary>
/// <param name="Items">In the order of their tags.</param>
public sealed record LeasesView(IReadOnlyList<LeaseView> Items);
