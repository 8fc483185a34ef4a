using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OvnNestApi.ApiKeys;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// The API in the process of the tests, on Kestrel, with its own database. Without other settings it has no northbound database, because
/// writes must not need one.
/// </summary>
public sealed class TestApi : IAsyncLifetime
{
    private readonly Dictionary<string, string> _settings = [];
    private readonly Dictionary<Role, string> _keys = [];
    private WebApplicationFactory<NestDb>? _factory;
    private int _names;

    public TestApi() { }

    internal TestApi(string? database, params (string Name, string Value)[] settings)
    {
        Database = database!;
        foreach (var (name, value) in settings)
        {
            _settings[name] = value;
        }
    }

    /// <summary>Changes the services of the API; null to use them as they are.</summary>
    internal Action<IServiceCollection>? ConfigureServices { get; init; }

    /// <summary>Connection string of the database.</summary>
    public string Database { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Services of the API.</summary>
    public IServiceProvider Services => _factory!.Services;

    public async ValueTask InitializeAsync()
    {
        Database ??= await TestDatabase.CreateAsync();
        _factory = new WebApplicationFactory<NestDb>().WithWebHostBuilder(host =>
        {
            host.UseSetting("urls", "http://127.0.0.1:0");
            host.UseSetting("ConnectionStrings:Nest", Database);
            host.UseSetting("Northbound:Endpoints", "unix:/nonexistent/ovnnb_db.sock");
            host.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
            foreach (var (name, value) in _settings)
            {
                host.UseSetting(name, value);
            }

            if (ConfigureServices is not null)
            {
                host.ConfigureTestServices(ConfigureServices);
            }
        });
        _factory.UseKestrel();
        _factory.StartServer();
        // A request with Expect: 100-continue sends its body only when it is accepted, however slow the machine is.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, Expect100ContinueTimeout = Eventually.Deadline };
        Client = new HttpClient(new DescribedResponses(handler)) { BaseAddress = _factory.ClientOptions.BaseAddress };
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_factory is not null)
        {
            await _factory.DisposeAsync();
        }
    }

    /// <summary>Stops the API as a SIGTERM does: requests in progress complete.</summary>
    public Task StopAsync() => Services.GetRequiredService<IHost>().StopAsync();

    /// <summary>Returns a background service of the API.</summary>
    internal T Background<T>()
        where T : IHostedService => Services.GetServices<IHostedService>().OfType<T>().Single();

    /// <summary>Opens the database with a connection that does not belong to the API.</summary>
    internal NestDb Open() => new(NestDbRegistration.Options(Database));

    internal async Task<T> ReadAsync<T>(Func<NestDb, Task<T>> read)
    {
        await using var db = Open();
        return await read(db);
    }

    /// <summary>Runs a step in one transaction, as the API runs a write; returns the problem of the step.</summary>
    internal async Task<Problem?> TryAsync(Func<NestDb, Task<Problem?>> step)
    {
        await using var db = Open();
        return await Services.GetRequiredService<Transactions>().RunAsync(db, _ => step(db), default);
    }

    /// <summary>Runs a step in one transaction, as the API runs a write.</summary>
    internal async Task TransactAsync(Func<NestDb, Task> step) =>
        Assert.Null(
            await TryAsync(async db =>
            {
                await step(db);
                return null;
            })
        );

    /// <summary>Runs statements in one transaction.</summary>
    internal Task ExecuteAsync(FormattableString sql) => TransactAsync(db => db.Database.ExecuteSqlAsync(sql));

    /// <summary>Returns a name that no other test of the fixture uses.</summary>
    public string NewName(string prefix = "x") => $"{prefix}-{Interlocked.Increment(ref _names)}";

    /// <summary>Returns the key of a role; creates it at the first call.</summary>
    public async Task<string> KeyAsync(Role role)
    {
        if (_keys.TryGetValue(role, out var known))
        {
            return known;
        }

        await using var db = Open();
        var key = CreateKey.NewKey();
        db.ApiKeys.Add(
            new()
            {
                Name = role.ToString().ToLowerInvariant(),
                Role = role,
                KeySha256 = KeyAuthentication.Hash(key),
            }
        );
        await db.SaveChangesAsync();
        return _keys[role] = key;
    }

    public Task<ApiResponse> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public Task<ApiResponse> PutAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, path, body, headers);

    public Task<ApiResponse> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    public Task<ApiResponse> DeleteAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Delete, path, null, headers);

    public Task<ApiResponse> PatchAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Patch, path, body, [.. headers, ("Content-Type", "application/merge-patch+json")]);

    /// <summary>Creates or updates the resource at this path; fails the test if the status is not 2xx.</summary>
    public async Task<ApiResponse> PutSpecAsync(string path, string spec = "{}") =>
        (await PutAsync(path, $$"""{"spec":{{spec}}}""")).IsSuccess();

    /// <summary>
    /// Sends a request as admin, or with the header <c>Authorization</c> if it is given (without authentication if it is empty).
    /// </summary>
    public async Task<ApiResponse> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        var mediaType = headers.FirstOrDefault(header => header.Name == "Content-Type").Value ?? "application/json";
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = mediaType.Length == 0 ? null : MediaTypeHeaderValue.Parse(mediaType);
        }

        foreach (var (name, value) in headers.Where(header => header.Name != "Content-Type" && header.Value.Length > 0))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (headers.All(header => header.Name != "Authorization"))
        {
            request.Headers.Authorization = new("Bearer", await KeyAsync(Role.Admin));
        }

        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var headersOfResponse = response
            .Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new(response.StatusCode, text, headersOfResponse);
    }

    /// <summary>Creates a network and returns its name.</summary>
    public async Task<string> NetworkAsync(string spec = """{"subnet":"10.7.0.0/24"}""")
    {
        var name = NewName("net");
        (await PutAsync($"/v1/networks/{name}", $$$"""{"spec":{{{spec}}}}""")).Is(HttpStatusCode.Created);
        return name;
    }

    /// <summary>Creates a VM and returns its name.</summary>
    /// <param name="network">Name of its network; null to create one.</param>
    public async Task<string> VmAsync(string? network = null)
    {
        var name = NewName("vm");
        (await PutAsync($"/v1/vms/{name}", $$$"""{"spec":{"network":"{{{network ?? await NetworkAsync()}}}"}}""")).Is(
            HttpStatusCode.Created
        );
        return name;
    }

    /// <summary>Row counts of everything that is not being deleted: two equal results mean that nothing was stored in between.</summary>
    public async Task<string> RowsAsync()
    {
        string[] living = ["networks", "routers", "hosts", "vms", "containers"];
        var ids = string.Join(" UNION ALL ", living.Select(table => $"SELECT id FROM {table} WHERE deleting_since IS NULL"));
        var counts = living
            .Select(table => $"SELECT '{table} ' || count(*) FROM {table} WHERE deleting_since IS NULL")
            .Concat([
                "SELECT 'leases ' || count(*) FROM vlan_leases WHERE state IN ('Reserved', 'Bound')",
                $"SELECT 'addresses ' || count(*) FROM addresses WHERE owner_id IN ({ids})",
                $"SELECT 'names ' || count(*) FROM claimed_names WHERE owner_id IN ({ids})",
                $"SELECT 'placements ' || count(*) FROM placements WHERE object_id IN ({ids})",
                "SELECT 'changes ' || count(*) FROM changes WHERE action IN ('created', 'updated', 'deleting')",
            ]);
        await using var db = Open();
        return string.Join('\n', await db.QueryAsync(string.Join(" UNION ALL ", counts), row => row.GetString(0), default));
    }
}

/// <summary>Response of the API with its complete body.</summary>
public sealed record ApiResponse(HttpStatusCode Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public string? Detail => Json.GetProperty("detail").GetString();

    public string? Code => Json.GetProperty("code").GetString();

    public string ETag => IsSuccess().Headers["ETag"];

    public JsonElement Effective => IsSuccess().Json.GetProperty("status").GetProperty("effective");

    public JsonElement Metadata => IsSuccess().Json.GetProperty("metadata");

    public Guid Id => Metadata.GetProperty("id").GetGuid();

    public IEnumerable<string?> Pointers =>
        Json.TryGetProperty("errors", out var errors)
            ? errors.EnumerateArray().Select(error => error.GetProperty("pointer").GetString())
            : [];

    /// <summary>Returns this response; fails the test if its status is not 2xx.</summary>
    public ApiResponse IsSuccess()
    {
        Assert.True((int)Status is >= 200 and < 300, $"Expected status 2xx, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>Returns this response; fails the test if it has another status.</summary>
    public ApiResponse Is(HttpStatusCode status)
    {
        Assert.True(Status == status, $"Expected status {(int)status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>Returns this response; fails the test if it is not this problem, or if it has other pointers than those given.</summary>
    public ApiResponse IsProblem(string code, params string[] pointers)
    {
        Assert.True(Text.StartsWith('{') && Json.TryGetProperty("code", out _), $"{(int)Status}: {Text}");
        Assert.Equal((code, "application/problem+json"), (Code, Headers["Content-Type"]));
        Assert.Equal((int)Status, Json.GetProperty("status").GetInt32());
        Assert.Equal(ProblemCatalogue.ByCode[code].Status, (int)Status);
        Assert.Equal($"/problems/{code}", Json.GetProperty("type").GetString());
        Assert.Equal(Headers["X-Request-Id"], Json.GetProperty("requestId").GetString());
        if (pointers.Length > 0)
        {
            Assert.Equal(pointers.Order(StringComparer.Ordinal), Pointers.Order(StringComparer.Ordinal));
        }

        return this;
    }
}
