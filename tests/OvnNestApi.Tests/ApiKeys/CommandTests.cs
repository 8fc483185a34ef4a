using System.Net;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.ApiKeys;

/// <summary>Output of the program: the command create-key and the log.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task The_command_create_key_creates_a_key_and_prints_only_the_key()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var key = await ChildProcess.RunAsync(
            "dotnet",
            [Programs.Api, "create-key", "--name", "first", "--role", "admin"],
            new Dictionary<string, string?> { ["ConnectionStrings__Nest"] = api.Database }
        );
        Assert.Matches("^nest_[A-Za-z0-9_-]{43}\n$", key);
        Assert.Equal(
            "admin",
            (await api.GetAsync("/v1/me", ("Authorization", $"Bearer {key.Trim()}"))).Json.GetProperty("role").GetString()
        );
        await Assert.ThrowsAnyAsync<Exception>(() =>
            ChildProcess.RunAsync(
                "dotnet",
                [Programs.Api, "create-key", "--name", "first", "--role", "root"],
                new Dictionary<string, string?> { ["ConnectionStrings__Nest"] = api.Database }
            )
        );
    }

    [Fact]
    public async Task The_log_has_a_line_for_each_write_and_contains_no_key_no_body_and_no_control_character()
    {
        await using var server = await NestServer.StartAsync(
            new() { Database = await TestDatabase.CreateAsync(), Northbound = "unix:/nonexistent/nb.sock" }
        );
        using (var body = new StringContent("""{"description":"private text"}""", System.Text.Encoding.UTF8, "application/json"))
        {
            Assert.Equal(HttpStatusCode.Created, (await server.Client.PutAsync("/v1/routers/r", body)).StatusCode);
        }

        using (var wrong = new HttpRequestMessage(HttpMethod.Get, "/v1/routers"))
        {
            wrong.Headers.Authorization = new("Bearer", "nest_wrong");
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.SendAsync(wrong)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.DeleteAsync("/v1/routers/x%0a%1b[31mforged")).StatusCode);
        var log = await Eventually.Becomes(
            "both requests are logged",
            () => server.Process.Output,
            output => output.Contains("/v1/routers/r", StringComparison.Ordinal) && output.Contains("forged", StringComparison.Ordinal)
        );
        Assert.Contains("key:admin", log, StringComparison.Ordinal);
        Assert.DoesNotContain(server.AdminKey, log, StringComparison.Ordinal);
        Assert.DoesNotContain("private text", log, StringComparison.Ordinal);
        Assert.DoesNotContain("was not authenticated", log, StringComparison.Ordinal);
        Assert.DoesNotContain(log, c => char.IsControl(c) && c is not ('\n' or '\r'));
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("{", line, StringComparison.Ordinal));
    }
}
