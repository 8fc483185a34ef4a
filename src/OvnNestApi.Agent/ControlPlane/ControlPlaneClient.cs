using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;
using Polly;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>The control plane did not answer, or rejected a request. The host stays as it is.</summary>
internal sealed class ControlPlaneException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A later start of an agent has taken over the host: this agent must not change it any more.</summary>
internal sealed class SupersededException(string message) : Exception(message);

/// <summary>Client of the API's endpoints for agents: enrolment, session, long poll for work, report.</summary>
internal sealed partial class ControlPlaneClient(
    HttpClient http,
    ControlPlaneSettings settings,
    AgentIdentity identity,
    AgentSession session,
    TimeProvider time
)
{
    /// <summary>Longest time for which the control plane may hold a poll that has no new work.</summary>
    public static TimeSpan PollWait { get; } = TimeSpan.FromSeconds(10);

    // The answer to a poll may take long, but once it has begun, it comes without a pause.
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(2);
    private const int LongestAnswer = 64 * 1024 * 1024; // bytes; far more than the work of any host

    // After a failure, a poll must be answered at once; a connection to a program that is silent must not hold the agent.
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(3);

    // True after a failure, until an answer is valid.
    private volatile bool _isDoubtful;

    private string KeyRejected =>
        "The control plane rejected this agent's key. "
        + $"To enrol the host again, delete {identity.KeyFile} and {identity.HostFile}, and provide a new token.";

    /// <summary>Returns the host's name. The first call enrols the host with the one-time token.</summary>
    /// <exception cref="ControlPlaneException">
    /// The token is missing or not valid, or there was no answer. The call may be repeated: it sends the same key.
    /// </exception>
    public async Task<string> EnrolAsync(CancellationToken cancellationToken)
    {
        if (identity.Host is { Length: > 0 } known)
        {
            return known;
        }

        if (settings.TokenFile is not { } file || !File.Exists(file))
        {
            throw new ControlPlaneException(
                "This host is not enrolled and there is no token: write an enrolment token to a file and set NEST_TOKEN_FILE to its path."
            );
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/enrolments");
        var token = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity.GetKey())));
        request.Content = JsonContent.Create(new EnrolmentRequest(hash), options: ContractJson.Options);
        using var response = await SendAsync(
            request,
            "The control plane rejected the enrolment token: it was used, has expired or is for another host. Request a new token.",
            Timeout.InfiniteTimeSpan,
            cancellationToken
        );
        var host = (await ReadAsync<EnrolmentAnswer>(response, cancellationToken)).Host;
        identity.SaveHost(host);
        return host;
    }

    /// <summary>Opens the session of this start of the agent, unless it is open for this <c>system-id</c>.</summary>
    /// <exception cref="ControlPlaneException">
    /// There was no answer, or the host is bound to the machine of another <c>system-id</c>.
    /// </exception>
    public async Task OpenSessionAsync(string host, string systemId, CancellationToken cancellationToken)
    {
        if (session.IsOpenFor(systemId))
        {
            return;
        }

        using var request = Authorized(HttpMethod.Put, $"v1/hosts/{Uri.EscapeDataString(host)}/session");
        request.Content = JsonContent.Create(new SessionRequest(session.Id, systemId), options: ContractJson.Options);
        using var response = await SendAsync(request, KeyRejected, Timeout.InfiniteTimeSpan, cancellationToken);
        session.Open((await ReadAsync<SessionAnswer>(response, cancellationToken)).Session, systemId);
    }

    /// <summary>
    /// Returns the work as soon as it differs from that at <paramref name="cursor"/>; null if it does not within a poll. After a failure,
    /// the control plane must send the work at once, so that the agent knows when it is good again.
    /// </summary>
    /// <param name="cursor">Cursor of the last work; null to return the work at once.</param>
    /// <exception cref="ControlPlaneException">There was no answer, or the control plane rejected the request.</exception>
    /// <exception cref="SupersededException">A later start of an agent has taken over the host.</exception>
    public async Task<HostWork?> PollAsync(string host, string? cursor, CancellationToken cancellationToken)
    {
        // Only the work itself proves that the control plane is good again; an answer without content can be anyone's.
        var isProbe = _isDoubtful;
        var after = cursor is null || isProbe ? "" : $"after={Uri.EscapeDataString(cursor)}&";
        var wait = isProbe ? TimeSpan.Zero : PollWait;
        using var request = Authorized(HttpMethod.Get, $"v1/hosts/{Uri.EscapeDataString(host)}/work?{after}wait={wait.TotalSeconds:0}s");
        var start = time.GetTimestamp();
        using var response = await SendAsync(request, KeyRejected, isProbe ? LongestProbe : Timeout.InfiniteTimeSpan, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NoContent)
        {
            // Otherwise the next poll would follow at once, again and again.
            return !isProbe && time.GetElapsedTime(start) >= wait / 2
                ? null
                : throw Doubtful(new ControlPlaneException("The control plane ended a poll without work before its time."));
        }

        var work = await ReadAsync<HostWork>(response, cancellationToken);
        return work.Host == host
            ? work
            : throw Doubtful(new ControlPlaneException($"The control plane sent the work of another host: {work.Host}."));
    }

    /// <summary>Returns the present work of a host that is enrolled.</summary>
    /// <exception cref="ControlPlaneException">
    /// The host is not enrolled, there was no answer, or the control plane rejected the request.
    /// </exception>
    public async Task<HostWork> ReadWorkAsync(CancellationToken cancellationToken) =>
        identity.Host is { Length: > 0 } host
            ? await PollAsync(host, null, cancellationToken)
                ?? throw new ControlPlaneException($"The control plane sent no work for host {host}.")
            : throw new ControlPlaneException("This host is not enrolled: start the agent, which enrols it, or give a file with the work.");

    /// <summary>Sends a report.</summary>
    /// <exception cref="ControlPlaneException">There was no answer, or the control plane rejected the request.</exception>
    /// <exception cref="SupersededException">A later start of an agent has taken over the host.</exception>
    public async Task ReportAsync(string host, HostReport report, CancellationToken cancellationToken)
    {
        using var request = Authorized(HttpMethod.Put, $"v1/hosts/{Uri.EscapeDataString(host)}/report");
        request.Content = JsonContent.Create(report, options: ContractJson.Options);
        using var response = await SendAsync(request, KeyRejected, Timeout.InfiniteTimeSpan, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.NoContent)
        {
            throw Doubtful(
                new ControlPlaneException($"The control plane answered a report with {(int)response.StatusCode}, not with 204.")
            );
        }
    }

    private HttpRequestMessage Authorized(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", identity.GetKey());
        if (session.Token is { } token)
        {
            request.Headers.Add(SessionRequest.Header, token);
        }

        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        string unauthorizedMessage,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        HttpResponseMessage response;
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        attempt.CancelAfter(limit);
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, attempt.Token);
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException or ExecutionRejectedException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw Doubtful(
                new ControlPlaneException(
                    $"The control plane at {settings.DisplayAddress} cannot be reached ({e.Message.TrimEnd('.')}).",
                    e
                )
            );
        }

        if (response.IsSuccessStatusCode)
        {
            _isDoubtful = false;
            return response;
        }

        using (response)
        {
            throw await FailureAsync(request, response, unauthorizedMessage, cancellationToken);
        }
    }

    private async Task<Exception> FailureAsync(
        HttpRequestMessage request,
        HttpResponseMessage response,
        string unauthorizedMessage,
        CancellationToken cancellationToken
    )
    {
        var answered = $"The control plane answered {request.Method} {request.RequestUri?.AbsolutePath} with {(int)response.StatusCode}";
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Doubtful(
                new ControlPlaneException($"{unauthorizedMessage} (status {(int)response.StatusCode})")
            ),
            HttpStatusCode.Conflict => await ReadAsync<Conflict>(response, cancellationToken) switch
            {
                { Code: "session-superseded" } superseded => new SupersededException(superseded.Detail),
                { Detail: var detail } => new ControlPlaneException($"{answered}: {detail}"),
            },
            _ => Doubtful(new ControlPlaneException($"{answered}.")),
        };
    }

    /// <summary>Body of an answer with status 409 (RFC 9457).</summary>
    private sealed record Conflict(string Code, string Detail);

    private ControlPlaneException Doubtful(ControlPlaneException failure)
    {
        _isDoubtful = true;
        return failure;
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await ReadBodyAsync(response, cancellationToken);
            return JsonSerializer.Deserialize<T>(body.Span, ContractJson.Options)
                ?? throw Doubtful(new ControlPlaneException("The control plane sent an empty answer (null)."));
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            throw Doubtful(new ControlPlaneException($"The answer of the control plane is not valid ({e.Message.TrimEnd('.')}).", e));
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(LongestStall);
        var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var length = buffer.Length;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(stall.Token);
            while (length == buffer.Length)
            {
                // Some bytes now and then are no progress.
                stall.CancelAfter(LongestStall);
                length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stall.Token);
                body.Write(buffer, 0, length);
                if (body.Length > LongestAnswer)
                {
                    throw new IOException($"it is longer than {LongestAnswer} bytes");
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"it is not complete after {LongestStall.TotalSeconds} s without {buffer.Length} more bytes");
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
