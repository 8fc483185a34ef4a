using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TestServers;

namespace Benchmarks;

/// <summary>An agent without a host: it polls for work as a real agent does, and reports once per minute that it has nothing.</summary>
internal sealed class PollingAgent : IAsyncDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _client;
    private readonly string _host;
    private Task _polling = Task.CompletedTask;

    private PollingAgent(HttpClient client, string host) => (_client, _host) = (client, host);

    /// <summary>Creates a host, enrols an agent for it and starts polling.</summary>
    public static async Task<PollingAgent> StartAsync(NestServer server, string host)
    {
        await new ApiClient(server).PutAsync($"/v1/hosts/{host}", []);
        var answer = await SendAsync(server.Client, HttpMethod.Post, $"/v1/hosts/{host}/enrolment", null);
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        using var enrolling = server.ClientFor(answer?["token"]?.GetValue<string>());
        await SendAsync(enrolling, HttpMethod.Post, "/v1/enrolments", new JsonObject { ["keySha256"] = hash });
        var agent = new PollingAgent(server.ClientFor(key), host);
        agent._polling = agent.PollAsync(agent._end.Token);
        return agent;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _polling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _end.Dispose();
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        var (cursor, reportedAt) = ("", 0L);
        while (!cancellationToken.IsCancellationRequested)
        {
            var work = await SendAsync(_client, HttpMethod.Get, $"/v1/hosts/{_host}/work?after={cursor}&wait=10s", null, cancellationToken);
            if (work is null && Stopwatch.GetElapsedTime(reportedAt) < ReportInterval)
            {
                continue;
            }

            cursor = work?["cursor"]?.GetValue<string>() ?? cursor;
            var report = new JsonObject
            {
                ["cursor"] = cursor,
                ["systemId"] = _host,
                ["nbCfg"] = 0,
                ["objects"] = new JsonArray(),
                ["bridges"] = new JsonArray(),
                ["removed"] = new JsonArray(),
                ["unknown"] = new JsonArray(),
            };
            await SendAsync(_client, HttpMethod.Put, $"/v1/hosts/{_host}/report", report, cancellationToken);
            reportedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Sends a request. Returns the body; null if it is empty.</summary>
    private static async Task<JsonNode?> SendAsync(
        HttpClient client,
        HttpMethod method,
        string path,
        JsonObject? body,
        CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return response.StatusCode is HttpStatusCode.NoContent
            ? null
            : await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
    }
}
