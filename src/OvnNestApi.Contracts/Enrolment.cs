namespace OvnNestApi.Contracts;

/// <summary>Body of <c>POST /v1/enrolments</c>. The bearer token is a one-time token. The agent sends only the hash of its key.</summary>
/// <param name="KeySha256">SHA-256 of the key's UTF-8 bytes, 64 lower-case hexadecimal digits.</param>
public sealed record EnrolmentRequest(string KeySha256);

/// <summary>Host that the agent is now enrolled for. The same request again gets the same answer.</summary>
/// <param name="Host">Name of the host, as in <c>/v1/hosts/{host}/work</c>.</param>
public sealed record EnrolmentAnswer(string Host);
