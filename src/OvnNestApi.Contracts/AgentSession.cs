namespace OvnNestApi.Contracts;

/// <summary>
/// Body of <c>PUT /v1/hosts/{host}/session</c>. An agent opens a session once after its start; the sessions of earlier starts end.
/// </summary>
/// <param name="Id">Random id of this start of the agent. The same request again gets the same answer.</param>
/// <param name="SystemId">
/// <c>external_ids:system-id</c> of the host's Open_vSwitch database. The first session after an enrolment binds the host to it.
/// </param>
public sealed record SessionRequest(Guid Id, string SystemId)
{
    /// <summary>Name of the request header that carries <see cref="SessionAnswer.Session"/>.</summary>
    public const string Header = "Nest-Session";
}

/// <summary>Session that was opened.</summary>
/// <param name="Session">Opaque; the agent sends it with every request for work and every report.</param>
public sealed record SessionAnswer(string Session);
