using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>The control plane did not answer, or answered that it will not. Nothing on the host changes because of it.</summary>
internal sealed class ControlPlaneException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The agent's side of the API: enrolment, the long poll for work, the report.</summary>
internal sealed class ControlPlaneClient(HttpClient http, ControlPlaneSettings settings, StateFolder state)
{
    /// <summary>How long the control plane may hold a poll when there is nothing new.</summary>
    public static TimeSpan PollWait { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The host's name: from the state folder, or by enrolling with the one-time token.</summary>
    /// <exception cref="ControlPlaneException">There is no usable token, or no answer. May be tried again: the same key is sent.</exception>
    public async Task<string> EnrolAsync(CancellationToken ct)
    {
        if (state.Host is { Length: > 0 } known)
        {
            return known;
        }

        if (settings.TokenFile is not { } file || !File.Exists(file))
        {
            throw new ControlPlaneException(
                "This host is not enrolled, and there is no token: put one into a file and name it in NEST_TOKEN_FILE."
            );
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/enrolments");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file, ct)).Trim());
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state.Key())));
        request.Content = JsonContent.Create(new EnrolmentRequest(hash), options: ContractJson.Options);
        using var response = await SendAsync(
            request,
            "The enrolment token is refused: it is used, expired or another host's. Ask for a new one.",
            ct
        );
        var host = (await ReadAsync<EnrolmentAnswer>(response, ct)).Host;
        state.RememberHost(host);
        return host;
    }

    /// <summary>The work, once it is another than at <paramref name="cursor"/>; null when it was not in the time of a poll.</summary>
    /// <exception cref="ControlPlaneException">No answer, or a refusal.</exception>
    public async Task<HostWork?> PollAsync(string host, string? cursor, CancellationToken ct)
    {
        var after = cursor is null ? "" : $"after={Uri.EscapeDataString(cursor)}&";
        using var request = Authorized(
            HttpMethod.Get,
            $"v1/hosts/{Uri.EscapeDataString(host)}/work?{after}wait={PollWait.TotalSeconds:0}s"
        );
        using var response = await SendAsync(request, Refused, ct);
        if (response.StatusCode is HttpStatusCode.NoContent)
        {
            return null;
        }

        var work = await ReadAsync<HostWork>(response, ct);
        return work.Host == host ? work : throw new ControlPlaneException($"The control plane sent the work of another host: {work.Host}.");
    }

    /// <exception cref="ControlPlaneException">No answer, or a refusal.</exception>
    public async Task ReportAsync(string host, HostReport report, CancellationToken ct)
    {
        using var request = Authorized(HttpMethod.Put, $"v1/hosts/{Uri.EscapeDataString(host)}/report");
        request.Content = JsonContent.Create(report, options: ContractJson.Options);
        using var response = await SendAsync(request, Refused, ct);
    }

    private string Refused =>
        $"The control plane refuses this agent's key. To enrol the host again, delete {state.KeyFile} and the file 'host' beside it, and give a new token.";

    private HttpRequestMessage Authorized(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", state.Key());
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string refused, CancellationToken ct)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, ct);
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException or Polly.ExecutionRejectedException
                || (e is OperationCanceledException && !ct.IsCancellationRequested)
            )
        {
            throw new ControlPlaneException($"The control plane at {settings.Where} cannot be reached: {e.Message}.", e);
        }
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new ControlPlaneException(
                response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                    ? $"{refused} (status {(int)response.StatusCode})"
                    : $"The control plane answered {(int)response.StatusCode} to {request.Method} {request.RequestUri?.AbsolutePath}."
            );
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(ContractJson.Options, ct)
                ?? throw new ControlPlaneException("The control plane answered null.");
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            throw new ControlPlaneException($"The control plane's answer cannot be read: {e.Message}", e);
        }
    }
}
