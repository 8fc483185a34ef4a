using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>The API as a separate process without an NB. The tests of a class share it and use different names.</summary>
public sealed class ApiProcess : IAsyncLifetime
{
    private NestServer? _server;

    public NestServer Server => _server!;

    public string Database { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        _server = await NestServer.StartAsync(
            new()
            {
                Database = Database,
                Northbound = "unix:/nonexistent/ovnnb_db.sock",
                AwaitReady = false,
                Handler = inner => new DescribedResponses(inner),
                Settings = new Dictionary<string, string> { ["Leases__Cooldown"] = "00:00:00.5", ["Hosts__SilentAfter"] = "00:00:08" },
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    public async Task<(HttpStatusCode Status, JsonNode? Body, string? ETag)> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? key = null,
        string? ifMatch = null
    )
    {
        using var client = key is null ? null : Server.ClientFor(key);
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        using var response = await (client ?? Server.Client).SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), response.Headers.ETag?.Tag);
    }

    /// <summary>Sends a request that must succeed; fails the test with the response body if the status is not 2xx.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body, string? ETag)> SendOkAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? key = null,
        string? ifMatch = null
    )
    {
        var answer = await SendAsync(method, path, body, key, ifMatch);
        Assert.True((int)answer.Status is >= 200 and < 300, $"{method} {path}: {(int)answer.Status} {answer.Body}");
        return answer;
    }

    /// <summary>Creates or updates the resource at this path; fails the test if the status is not 2xx.</summary>
    public async Task<JsonNode> PutAsync(string path, string spec) =>
        (await SendOkAsync(HttpMethod.Put, path, $"{{\"spec\":{spec}}}")).Body!;

    /// <summary>Creates a host, enrols an agent for it, and returns the key of the agent.</summary>
    public async Task<string> EnrolledAsync(string host)
    {
        await PutAsync($"/v1/hosts/{host}", "{}");
        var (_, enrolment, _) = await SendOkAsync(HttpMethod.Post, $"/v1/hosts/{host}/enrolment");
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        Assert.Equal(HttpStatusCode.OK, (await EnrolAsync((string)enrolment!["token"]!, key)).Status);
        return key;
    }

    public async Task<(HttpStatusCode Status, JsonNode? Body)> EnrolAsync(string token, string key)
    {
        var (status, body, _) = await SendAsync(HttpMethod.Post, "/v1/enrolments", $"{{\"keySha256\":\"{Sha256(key)}\"}}", token);
        return (status, body);
    }

    public static string Sha256(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
