namespace OvnNestApi.Agent.ControlPlane;

/// <summary>Address of the control plane and files for access to it.</summary>
/// <param name="Url">Base address from <c>NEST_URL</c>: https, or http on loopback; ends with a slash.</param>
/// <param name="UnixSocket">Path of the Unix socket; null for TCP. With a socket, the host part of the URL is not used.</param>
/// <param name="TokenFile">File with the one-time enrolment token, from <c>NEST_TOKEN_FILE</c>; needed until the host is enrolled.</param>
/// <param name="CaFile">
/// PEM file of a private CA that issued the control plane's certificate, from <c>NEST_CA</c>; null for the system's CAs.
/// </param>
internal sealed record ControlPlaneSettings(Uri Url, string? UnixSocket, string? TokenFile, string? CaFile)
{
    private const string UnixPrefix = "unix:";

    /// <summary>Address for messages.</summary>
    public string DisplayAddress => UnixSocket is null ? Url.ToString() : $"{UnixPrefix}{UnixSocket}";

    /// <exception cref="FormatException">A variable is missing or not valid; the message says which one.</exception>
    public static ControlPlaneSettings From(Func<string, string?> environment)
    {
        string? Read(string name) => environment(name) is { Length: > 0 } value ? value : null;

        var text = Read("NEST_URL")
            ?? throw new FormatException(
                "NEST_URL is not set: set it to the address of the control plane (https://…, http://127.0.0.1:… or unix:/…/api.sock)."
            );
        var socket = text.StartsWith(UnixPrefix, StringComparison.Ordinal) ? text[UnixPrefix.Length..] : null;
        if (socket is not null && !socket.StartsWith('/'))
        {
            throw new FormatException($"NEST_URL: '{text}' must contain an absolute path.");
        }

        var url = ParseUrl(text, socket is null ? text : "http://localhost/");
        return new ControlPlaneSettings(
            url.AbsolutePath.EndsWith('/') ? url : new Uri($"{url}/"),
            socket,
            Read("NEST_TOKEN_FILE"),
            Read("NEST_CA")
        );
    }

    private static Uri ParseUrl(string setting, string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new FormatException($"NEST_URL: '{setting}' is not a valid https, http or unix address.");
        }

        if (url.Scheme is "http" && !url.IsLoopback)
        {
            throw new FormatException(
                $"NEST_URL: plain http is allowed for this machine only, because the key could be read on its way to {url.Host}. Use https."
            );
        }

        return url;
    }
}
