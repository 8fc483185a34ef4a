using System.Globalization;
using OvnNestApi.Contracts;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Identifies a session of a host's agent. Agents treat its text as opaque.</summary>
/// <param name="Number">Grows with each session of the host.</param>
/// <param name="Id">Random id that the agent chose.</param>
internal readonly record struct SessionToken(long Number, Guid Id)
{
    /// <summary>Returns the token in the header of a request; null if there is none, or it is not valid.</summary>
    public static SessionToken? Of(HttpRequest request) =>
        request.Headers[SessionRequest.Header].ToString().Split('.') is [var number, var id]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
        && Guid.TryParseExact(id, "N", out var guid)
            ? new(parsed, guid)
            : null;

    /// <summary>
    /// Returns why a request of this session, or without one, is refused; null if it is not. An agent without a session is accepted while
    /// none is open.
    /// </summary>
    public static Problem? Check(SessionToken? token, HostStatus? present, string host) =>
        present?.SessionId is not { } id || token?.Id == id || IsLost(token, present)
            ? null
            : Problem.SessionSuperseded(
                $"A later start of an agent has taken over the host {host}, at system-id {present.BoundSystemId}. Stop this agent. "
                    + "If it is the right one, stop the other agent and start this one again."
            );

    /// <summary>True if the session is later than the stored one: an older database was restored, and the session is still valid.</summary>
    public static bool IsLost(SessionToken? token, HostStatus? present) => token?.Number > (present?.SessionNumber ?? 0);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}.{Id:N}");
}
