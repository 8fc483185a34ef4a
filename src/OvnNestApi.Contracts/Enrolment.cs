namespace OvnNestApi.Contracts;

/// <summary>The body of <c>POST /v1/enrolments</c>, sent with a one-time token as bearer: the agent tells the hash of a key that it made itself.</summary>
/// <param name="KeySha256">SHA-256 of the key's UTF-8 bytes, 64 lower-case hex digits.</param>
public sealed record EnrolmentRequest(string KeySha256);

/// <summary>The answer: whose agent this now is. The same request again has the same answer.</summary>
/// <param name="Host">The host's name, as in <c>/v1/hosts/{host}/work</c>.</param>
public sealed record EnrolmentAnswer(string Host);
