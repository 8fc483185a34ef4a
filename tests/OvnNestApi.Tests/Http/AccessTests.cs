using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.ApiKeys;
using OvnNestApi.Http;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Http;

/// <summary>Authentication, roles, API keys and rate limits.</summary>
public sealed class AccessTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("GET", "/v1")]
    [InlineData("GET", "/v1/vms")]
    [InlineData("PUT", "/v1/vms/x")]
    [InlineData("DELETE", "/v1/networks/x")]
    [InlineData("POST", "/v1/api-keys")]
    [InlineData("GET", "/v1/nothing")]
    [InlineData("GET", "/v1/hosts/x/work")]
    [InlineData("PUT", "/v1/hosts/x/report")]
    public async Task A_request_without_a_valid_key_is_answered_with_401(string method, string path)
    {
        var rows = await api.RowsAsync();
        foreach (var authorization in new[] { "", "Bearer", "Bearer nest_unknown", "Basic dXNlcjpwYXNz" })
        {
            var answer = (
                await api.SendAsync(HttpMethod.Parse(method), path, method == "GET" ? null : "{}", ("Authorization", authorization))
            ).IsProblem("unauthenticated");
            Assert.StartsWith("Bearer", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        }

        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_viewer_can_read_an_editor_can_write_and_an_admin_can_create_keys()
    {
        var viewer = ("Authorization", $"Bearer {await api.KeyAsync(Role.Viewer)}");
        var editor = ("Authorization", $"Bearer {await api.KeyAsync(Role.Editor)}");
        var path = $"/v1/routers/{api.NewName()}";
        (await api.PutAsync(path, "{}", viewer)).IsProblem("forbidden");
        (await api.PutAsync(path, "{}", editor)).Is(HttpStatusCode.Created);
        (await api.GetAsync(path, viewer)).Is(HttpStatusCode.OK);
        (await api.PatchAsync(path, "{}", viewer)).IsProblem("forbidden");
        (await api.DeleteAsync(path, viewer)).IsProblem("forbidden");
        (await api.DeleteAsync($"{path}?force=true", editor)).IsProblem("forbidden");
        (await api.GetAsync("/v1/api-keys", editor)).IsProblem("forbidden");
        (await api.PostAsync("/v1/api-keys", """{"name":"x","role":"admin"}""", editor)).IsProblem("forbidden");
        Assert.Equal("viewer", (await api.GetAsync("/v1/me", viewer)).Json.GetProperty("role").GetString());
    }

    [Fact]
    public async Task A_key_is_returned_once_is_valid_until_it_is_revoked_and_shows_when_it_was_last_used()
    {
        var made = (await api.PostAsync("/v1/api-keys", """{"name":"terraform","role":"viewer"}""")).Is(HttpStatusCode.Created);
        var key = made.Json.GetProperty("key").GetString()!;
        var with = ("Authorization", $"Bearer {key}");
        (await api.GetAsync("/v1/vms", with)).Is(HttpStatusCode.OK);
        var path = made.Headers["Location"];
        var shown = (await api.GetAsync(path)).Is(HttpStatusCode.OK);
        Assert.True(shown.Json.TryGetProperty("lastUsedAt", out _));
        Assert.DoesNotContain(key, (await api.GetAsync("/v1/api-keys")).Text + shown.Text, StringComparison.Ordinal);
        (await api.DeleteAsync(path)).Is(HttpStatusCode.NoContent);
        (await api.DeleteAsync(path)).Is(HttpStatusCode.NoContent);
        (await api.GetAsync("/v1/vms", with)).IsProblem("unauthenticated");
        (await api.DeleteAsync($"/v1/api-keys/{Guid.NewGuid()}")).IsProblem("not-found");
        (await api.GetAsync("/v1/api-keys/%0a")).IsProblem("not-found");
        await using var db = api.Open();
        Assert.DoesNotContain(await db.ApiKeys.Select(k => k.Name).ToListAsync(), name => name == key);
    }

    [Fact]
    public async Task An_expired_key_is_refused()
    {
        var key = CreateKey.NewKey();
        await using (var db = api.Open())
        {
            db.ApiKeys.Add(
                new()
                {
                    Name = "old",
                    Role = Role.Admin,
                    KeySha256 = KeyAuthentication.Hash(key),
                    ExpiresAt = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
                }
            );
            await db.SaveChangesAsync();
        }

        (await api.GetAsync("/v1/vms", ("Authorization", $"Bearer {key}"))).IsProblem("unauthenticated");
        (await api.PostAsync("/v1/api-keys", """{"name":"x","role":"root","ttl":"long"}""")).IsProblem(
            "validation-failed",
            "#/role",
            "#/ttl"
        );
    }

    [Fact]
    public async Task The_credential_of_a_host_gives_access_only_to_the_work_of_that_host()
    {
        var (mine, other) = (api.NewName("host"), api.NewName("host"));
        var key = CreateKey.NewKey();
        foreach (var name in new[] { mine, other })
        {
            (await api.PutAsync($"/v1/hosts/{name}", "{}")).Is(HttpStatusCode.Created);
        }

        await using (var db = api.Open())
        {
            db.HostCredentials.Add(
                new() { HostId = (await db.Hosts.SingleAsync(host => host.Name == mine)).Id, KeySha256 = KeyAuthentication.Hash(key) }
            );
            await db.SaveChangesAsync();
        }

        var with = ("Authorization", $"Bearer {key}");
        var rows = await api.RowsAsync();
        foreach (
            var path in new[]
            {
                $"/v1/hosts/{other}/work",
                "/v1",
                "/v1/me",
                "/v1/hosts",
                $"/v1/hosts/{mine}",
                $"/v1/hosts/{other}",
                "/v1/vms",
                "/v1/containers",
                "/v1/changes",
                "/v1/api-keys",
                "/v1/nothing",
                "/v1/hosts/%0a/work",
            }
        )
        {
            (await api.GetAsync(path, with)).IsProblem("forbidden");
        }

        (await api.PutAsync($"/v1/hosts/{other}/report", "{}", with)).IsProblem("forbidden");
        (await api.PutAsync($"/v1/hosts/{mine}", "{}", with)).IsProblem("forbidden");
        (await api.PutAsync("/v1/vms/x", "{}", with)).IsProblem("forbidden");
        (await api.DeleteAsync($"/v1/hosts/{mine}", with)).IsProblem("forbidden");
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task The_request_id_of_a_client_is_kept_if_it_contains_no_forbidden_character()
    {
        Assert.Equal("my-request.1", (await api.GetAsync("/v1", ("X-Request-Id", "my-request.1"))).Headers["X-Request-Id"]);
        Assert.NotEqual("a b", (await api.GetAsync("/v1", ("X-Request-Id", "a b"))).Headers["X-Request-Id"]);
    }

    [Fact]
    public async Task A_client_that_exceeds_the_rate_limit_gets_a_problem_with_Retry_After()
    {
        await using var narrow = new TestApi(api.Database, ("RateLimit:PerSecond", "1"), ("RateLimit:Burst", "3"));
        await narrow.InitializeAsync();
        ApiResponse answer;
        do
        {
            answer = await narrow.GetAsync("/v1");
        } while (answer.Status == HttpStatusCode.OK);

        Assert.True(
            int.Parse(answer.IsProblem("rate-limited").Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) >= 1
        );
    }
}
