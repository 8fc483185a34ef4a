using System.Net;
using System.Text.Json.Nodes;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>The API as a separate process with a northbound database in which every chassis is up to date.</summary>
public sealed class ApiWithNorthbound : IAsyncLifetime
{
    private OvsdbServer? _northbound;
    private long _reached;
    private NestServer? _server;
    private string _database = "";

    public NestServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        _northbound = await OvsdbServer.StartNewAsync();
        _database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await FollowAsync();
        _server = await NestServer.StartAsync(
            new()
            {
                Database = _database,
                Northbound = _northbound.Endpoint,
                Handler = inner => new DescribedResponses(inner),
                Settings = new Dictionary<string, string> { ["Leases__Cooldown"] = "00:00:00", ["RateLimit__PerSecond"] = "0" },
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_northbound is not null)
        {
            await _northbound.DisposeAsync();
        }
    }

    /// <summary>Creates a VM with this number of tags, from 2, in its own network; returns the ranges of the VM.</summary>
    public async Task<string> VmAsync(string name, int tags)
    {
        var ranges = $"2-{tags + 1}";
        await SendOkAsync(HttpMethod.Put, $"/v1/networks/race-{name}", """{"spec":{"subnet":"10.0.0.0/16"}}""");
        await SendOkAsync(HttpMethod.Put, $"/v1/vms/{name}", $$$"""{"spec":{"network":"race-{{{name}}}","vlanRanges":"{{{ranges}}}"}}""");
        return ranges;
    }

    public static Task AtOnceAsync(int clients, Func<int, Task> client) => Task.WhenAll(Enumerable.Range(0, clients).Select(client));

    /// <summary>Sends a request that must succeed; fails the test with the response body if the status is not 2xx.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> SendOkAsync(HttpMethod method, string path, string? body = null)
    {
        var answer = await SendAsync(method, path, body);
        Assert.True((int)answer.Status is >= 200 and < 300, $"{method} {path}: {(int)answer.Status} {answer.Body}");
        return answer;
    }

    /// <summary>Sends a request until it is answered with another status than 503, as a client should.</summary>
    public Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? etag = null
    ) =>
        Eventually.Becomes(
            $"{method} {path} is answered",
            async () =>
            {
                using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
                if (etag is not null)
                {
                    request.Headers.TryAddWithoutValidation("If-Match", etag);
                }

                request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
                using var response = await Server.Client.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                return (Status: response.StatusCode, Body: text.Length == 0 ? null : JsonNode.Parse(text));
            },
            answer => answer.Status != HttpStatusCode.ServiceUnavailable,
            TimeSpan.FromMinutes(3)
        );

    /// <summary>
    /// Sets <c>hv_cfg</c> to a value that <c>nb_cfg</c> will not reach, as if every chassis followed at once. Call it again after a change
    /// of the leader, because the new leader continues <c>nb_cfg</c> above that value.
    /// </summary>
    public Task FollowAsync() => NbctlAsync("set", "NB_Global", ".", $"hv_cfg={_reached += 1_000_000_000}");

    /// <summary>Returns how many tags the map shows as taken and as free. Fails the test if the map shows a tag twice.</summary>
    public async Task<(int Taken, int Free)> CountsAsync(string vm)
    {
        var map = (await SendOkAsync(HttpMethod.Get, $"/v1/vms/{vm}/vlan-map")).Body!;
        var counts = map["counts"]!.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!);
        var tags = map["tags"]!.AsArray().Select(tag => (int)tag!["tag"]!).ToList();
        Assert.Equal(tags.Distinct(), tags);
        Assert.Equal(tags.Count, counts.Values.Sum() - counts["free"]);
        return (tags.Count, counts["free"]);
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Waits until database and NB have exactly these containers of the VM, with these tags.</summary>
    public async Task AgreesAsync(string vm, IReadOnlyDictionary<string, int> containers)
    {
        var expected = containers.Select(pair => $"race-{vm}-{vm}-{pair.Key} {pair.Value}").Order(StringComparer.Ordinal).ToList();
        await Eventually.Becomes(
            "the NB has these containers",
            async () =>
            {
                var rows = await NbctlAsync(
                    "--no-headings",
                    "--format=csv",
                    "--columns=name,tag_request",
                    "find",
                    "Logical_Switch_Port",
                    $"parent_name=race-{vm}-{vm}"
                );
                return rows.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(row => row.Replace(",", " ", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
                    .ToList();
            },
            rows => rows.SequenceEqual(expected),
            TimeSpan.FromMinutes(3)
        );
        await Eventually.Becomes(
            "the database has these containers",
            () => CountAsync($"SELECT count(*) FROM containers c JOIN vms v ON v.id = c.vm_id WHERE v.name = '{vm}'"),
            count => count == containers.Count
        );
        Assert.Equal(
            containers.Count,
            await CountAsync(
                $"""
                SELECT count(*) FROM vlan_leases l JOIN vms v ON v.id = l.vm_id JOIN containers c ON c.id = l.container_id
                    AND c.tag = l.tag WHERE v.name = '{vm}' AND l.state = 'Bound'
                """
            )
        );
    }

    private Task<string> NbctlAsync(params string[] arguments) =>
        ChildProcess.RunAsync("ovn-nbctl", [$"--db={_northbound!.Endpoint}", "--timeout=30", .. arguments]);
}
