namespace OvnNestApi.Agent.ControlPlane;

/// <summary>Where the control plane is, and how to get in.</summary>
/// <param name="Url">https, or http on this machine only; ends with a slash.</param>
/// <param name="UnixSocket">The socket's path, if the control plane is reached through one; the URL then only serves to name the requests.</param>
/// <param name="TokenFile">The one-time enrolment token; needed only until the host is enrolled.</param>
/// <param name="CaFile">A PEM file with the certificates of a private authority that the control plane's certificate comes from.</param>
internal sealed record ControlPlaneSettings(Uri Url, string? UnixSocket, string? TokenFile, string? CaFile)
{
    /// <summary>For messages.</summary>
    public string Where => UnixSocket is null ? Url.ToString() : $"unix:{UnixSocket}";

    /// <exception cref="FormatException">What is wrong with the environment, in a sentence.</exception>
    public static ControlPlaneSettings From(Func<string, string?> environment)
    {
        string? Read(string name) => environment(name) is { Length: > 0 } value ? value : null;

        var text = Read("NEST_URL")
            ?? throw new FormatException(
                "NEST_URL is not set: where is the control plane? (https://…, http://127.0.0.1:…, unix:/…/api.sock)"
            );
        var socket = text.StartsWith("unix:", StringComparison.Ordinal) ? text["unix:".Length..] : null;
        if (socket is not null && !socket.StartsWith('/'))
        {
            throw new FormatException($"NEST_URL: '{text}' has no absolute path.");
        }

        if (
            !Uri.TryCreate(socket is null ? text : "http://localhost/", UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https")
        )
        {
            throw new FormatException($"NEST_URL: '{text}' is no https, http or unix address.");
        }

        if (url.Scheme is "http" && !url.IsLoopback)
        {
            throw new FormatException(
                $"NEST_URL: plain http is for this machine only; the key could be read on its way to {url.Host}. Use https."
            );
        }

        return new ControlPlaneSettings(
            url.AbsolutePath.EndsWith('/') ? url : new Uri($"{url}/"),
            socket,
            Read("NEST_TOKEN_FILE"),
            Read("NEST_CA")
        );
    }
}
