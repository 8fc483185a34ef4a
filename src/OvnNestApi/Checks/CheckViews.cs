using System.Text.Json.Serialization;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>A check and its result.</summary>
/// <param name="Kind">What is checked.</param>
/// <param name="Target">Target as requested.</param>
/// <param name="Count">Number of echo requests.</param>
/// <param name="Status">Result, or the reason why there is none.</param>
/// <param name="Metadata">Identity of the check.</param>
public sealed record CheckView(CheckKind Kind, string Target, int Count, CheckStatus Status, CheckMetadata Metadata);

/// <summary>State and result of a check.</summary>
/// <param name="State">State.</param>
/// <param name="Reason">Why there is no result, or no reply; absent if there is a reply.</param>
/// <param name="Message">The reason as a sentence; empty if there is a reply.</param>
/// <param name="Host">Host whose agent runs the check.</param>
/// <param name="Address">IPv4 address of the target.</param>
/// <param name="Sent">Number of echo requests that were sent; absent without a result.</param>
/// <param name="Received">Number of replies that arrived within a second after the last request; absent without a result.</param>
/// <param name="RoundTripMs">Round-trip times; absent without a reply.</param>
/// <param name="FinishedAt">Time of the result or of the failure; absent while the check is pending.</param>
public sealed record CheckStatus(
    CheckState State,
    [property: JsonConverter(typeof(JsonStringEnumConverter<CheckReason>))] CheckReason? Reason,
    string Message,
    string Host,
    Ipv4 Address,
    int? Sent,
    int? Received,
    RoundTrip? RoundTripMs,
    DateTimeOffset? FinishedAt
);

/// <summary>State of a check. A check that is done or failed does not change any more.</summary>
public enum CheckState
{
    /// <summary>The agent has not sent a result yet. The check fails 10 s after it was requested.</summary>
    Pending,

    /// <summary>The agent has sent the requests, and has or has not received replies.</summary>
    Done,

    /// <summary>The requests could not be sent.</summary>
    Failed,
}

/// <summary>Identity of a check.</summary>
/// <param name="Kind">Always check.</param>
/// <param name="Vm">Name of the VM.</param>
/// <param name="Container">Name of the container; absent for a check of the VM.</param>
/// <param name="Id">Id of the check.</param>
/// <param name="CreatedAt">Time of the request.</param>
/// <param name="By">Sender of the request, as in the change log.</param>
public sealed record CheckMetadata(string Kind, string Vm, string? Container, Guid Id, DateTimeOffset CreatedAt, string By);
