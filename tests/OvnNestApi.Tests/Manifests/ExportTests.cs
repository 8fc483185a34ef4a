using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Manifests;

/// <summary>An export is a manifest that restores what was exported.</summary>
public sealed class ExportTests : IAsyncLifetime
{
    private readonly TestApi _api = new();
    private readonly TestApi _other = new();

    public async ValueTask InitializeAsync()
    {
        await _api.InitializeAsync();
        await _other.InitializeAsync();
        var lab = ManifestTests.Body(
            """{"kind":"router","name":"r","description":"yes: no"}""",
            """{"kind":"network","name":"n","spec":{"subnet":"10.9.0.0/24","router":"r","dhcp":{"dnsServers":["10.9.0.2"]}}}""",
            """{"kind":"host","name":"h","spec":{"chassis":"0123"}}""",
            """{"kind":"vm","name":"v","labels":{"app":"web","n":"1e3"},"spec":{"network":"n","host":"h","vlanRanges":"100-199"}}""",
            """{"kind":"vm","name":"w","description":"a\t","spec":{"network":"n"}}""",
            """{"kind":"router","name":"s","description":"a\ufeff\uffff\t&b"}""",
            ManifestTests.Container("v", "c", """{"vlan":51,"mac":"02:00:00:00:00:33"}""", """{"app":"web"}"""),
            ManifestTests.Container("w", "c", "{}")
        );
        (await _api.PostAsync("/v1/manifests", lab)).Is(HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/yaml")]
    public async Task An_export_creates_the_same_resources_elsewhere(string mediaType)
    {
        var export = await ExportAsync(_api, "", mediaType);
        Assert.Equal(mediaType, export.Headers["Content-Type"]);
        (await _other.PostAsync("/v1/manifests", export.Text, ("Content-Type", mediaType))).Is(HttpStatusCode.OK);
        Assert.Equal((await ExportAsync(_api, "")).Text, (await ExportAsync(_other, "")).Text);
        var repeated = (await _api.PostAsync("/v1/manifests", export.Text, ("Content-Type", mediaType))).Is(HttpStatusCode.OK);
        Assert.All(repeated.Json.GetProperty("items").EnumerateArray(), item =>
            Assert.Equal("unchanged", item.GetProperty("action").GetString())
        );
    }

    [Theory]
    [InlineData("?kind=vm", "v w")]
    [InlineData("?vm=v", "v c")]
    [InlineData("?vm=nosuch", "")]
    [InlineData("?label=app=web", "v c")]
    [InlineData("?label=app=web&kind=container", "c")]
    [InlineData("?label=n", "v")]
    public async Task Filters_select_resources(string query, string names)
    {
        var export = await ExportAsync(_api, query);
        Assert.Equal(names, string.Join(' ', Items(export).Select(item => item.GetProperty("name").GetString())));
    }

    [Theory]
    [InlineData("?kind=switch", "invalid-parameter")]
    [InlineData("?at=x", "cursor-invalid")]
    [InlineData("?at=other-1", "cursor-expired")]
    [InlineData("?name=n", "unknown-parameter")]
    public async Task An_invalid_query_is_rejected(string query, string code) => (await ExportAsync(_api, query)).IsProblem(code);

    [Fact]
    public async Task The_export_of_an_earlier_moment_restores_it()
    {
        // While other transactions of the server run, the end of the log is not known.
        var cursor = await Eventually.Becomes("the end of the log is known", CursorAsync, cursor =>
            !cursor.EndsWith("-0", StringComparison.Ordinal)
        );
        var then = (await ExportAsync(_api, "")).Text;
        (await _api.PutAsync("/v1/vms/v/containers/c", """{"spec":{"vlan":60}}""")).IsSuccess();
        (await _api.PutAsync("/v1/vms/v/containers/c", """{"spec":{"vlan":61}}""")).IsSuccess();
        (await _api.PutAsync("/v1/vms/v/containers/new", """{"spec":{}}""")).IsSuccess();
        (await _api.DeleteAsync("/v1/vms/w?cascade=true")).Is(HttpStatusCode.Accepted);
        Assert.NotEqual(then, (await ExportAsync(_api, "")).Text);

        var restored = await ExportAsync(_api, $"?at={cursor}");
        Assert.Equal(then, restored.Text);
        (await _api.PostAsync("/v1/manifests", restored.Text)).Is(HttpStatusCode.OK);
        (await _api.DeleteAsync("/v1/vms/v/containers/new")).Is(HttpStatusCode.Accepted);
        Assert.Equal(then, (await ExportAsync(_api, "")).Text);
    }

    [Theory]
    [InlineData("application/json", "{\"items\":[]}")]
    [InlineData("application/yaml", "items: []\n")]
    public async Task An_empty_export_is_a_manifest(string mediaType, string text)
    {
        var export = await ExportAsync(_api, "?vm=nosuch", mediaType);
        Assert.Equal(text, export.Is(HttpStatusCode.OK).Text);
        (await _api.PostAsync("/v1/manifests", export.Text, ("Content-Type", mediaType))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task HEAD_returns_the_headers_of_GET()
    {
        var head = await _api.SendAsync(HttpMethod.Head, "/v1/manifests", null);
        Assert.Equal(("", "application/json"), (head.Is(HttpStatusCode.OK).Text, head.Headers["Content-Type"]));
    }

    [Fact]
    public async Task An_export_over_HTTP_1_0_has_a_length()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/manifests") { Version = HttpVersion.Version10 };
        request.Headers.Authorization = new("Bearer", await _api.KeyAsync(Role.Viewer));
        using var response = await _api.Client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        Assert.True(response.Content.Headers.NonValidated.Contains("Content-Length"));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal((await ExportAsync(_api, "")).Text, text);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/yaml")]
    public async Task An_export_that_fails_before_its_first_bytes_are_sent_is_a_problem(string mediaType)
    {
        await using var db = _api.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlAsync($"LOCK TABLE networks", TestContext.Current.CancellationToken);
        var export = ExportAsync(_api, "", mediaType);
        await Eventually.Becomes("the export waits and loses its connection", TerminateAsync, isTerminated => isTerminated);
        (await export).IsProblem("database-unavailable");

        // In a transaction of its own, because a transaction sees the sessions as they were at its first look.
        Task<bool> TerminateAsync() =>
            _api.ReadAsync(other =>
                other
                    .Database.SqlQuery<bool>(
                        $"""
                        SELECT coalesce((SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND query LIKE 'WITH later%'), false) AS "Value"
                        """
                    )
                    .SingleAsync(TestContext.Current.CancellationToken)
            );
    }

    private async Task<string> CursorAsync() => (await _api.GetAsync("/v1/changes")).Json.GetProperty("next").GetString() ?? "";

    private static JsonElement.ArrayEnumerator Items(ApiResponse export) =>
        export.Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray();

    private static Task<ApiResponse> ExportAsync(TestApi api, string query, string mediaType = "application/json") =>
        api.GetAsync($"/v1/manifests{query}", ("Accept", mediaType));
}
