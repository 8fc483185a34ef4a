using System.Net;
using OvnNestApi.Http;
using TestServers;

namespace OvnNestApi.Tests.Http;

/// <summary>What the service says of itself, and its document.</summary>
public sealed class ServiceTests(Api api) : IClassFixture<Api>
{
    private static readonly string Committed = Path.Combine(Programs.Root, "openapi.yaml");

    [Fact]
    public async Task Health_needs_no_key_and_no_northbound_database()
    {
        (await api.GetAsync("/livez", ("Authorization", ""))).Is(HttpStatusCode.OK);
        var ready = (await api.GetAsync("/readyz", ("Authorization", ""))).Is(HttpStatusCode.OK);
        Assert.Equal("unreachable", ready.Json.GetProperty("northbound").GetString());
    }

    [Theory]
    [InlineData("INSERT INTO schema_history VALUES ('99991231235959_Future', '10')", "newer")]
    [InlineData("DELETE FROM schema_history WHERE migration_id = (SELECT max(migration_id) FROM schema_history)", "older")]
    public async Task A_database_of_another_version_is_not_ready(string change, string expected)
    {
        await using var other = new Api();
        await other.InitializeAsync();
        await using (var db = other.Open())
        {
            await OvnNestApi.Data.Sql.ExecuteAsync(db, change, default);
        }

        Assert.Contains(expected, (await other.GetAsync("/readyz", ("Authorization", ""))).IsProblem("schema-mismatch").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_problem_has_a_page_that_explains_it()
    {
        foreach (var kind in ProblemCatalogue.All)
        {
            var page = (await api.GetAsync($"/problems/{kind.Code}", ("Authorization", ""))).Is(HttpStatusCode.OK);
            Assert.Contains(kind.Code, page.Text, StringComparison.Ordinal);
        }

        Assert.Contains("/problems/in-use", (await api.GetAsync("/problems", ("Authorization", ""))).Text, StringComparison.Ordinal);
        (await api.GetAsync("/problems/none", ("Authorization", ""))).IsProblem("not-found");
    }

    [Fact]
    public async Task Swagger_ui_and_the_document_are_open()
    {
        (await api.GetAsync("/swagger/index.html", ("Authorization", ""))).Is(HttpStatusCode.OK);
        Assert.StartsWith("3.1", (await api.GetAsync("/openapi/v1.json", ("Authorization", ""))).Json.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("3.0", (await api.GetAsync("/openapi/v1-3.0.json", ("Authorization", ""))).Json.GetProperty("openapi").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_committed_document_is_the_served_one()
    {
        var served = (await api.GetAsync("/openapi/v1.yaml", ("Authorization", ""))).Is(HttpStatusCode.OK).Text;
        if (Environment.GetEnvironmentVariable("NEST_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(Committed, served);
        }

        Assert.True(served == await File.ReadAllTextAsync(Committed), "openapi.yaml is not what the service serves: run the tests with NEST_WRITE_OPENAPI=1 and commit it.");
    }

    [Fact]
    public async Task Every_operation_is_documented()
    {
        var document = (await api.GetAsync("/openapi/v1.json", ("Authorization", ""))).Json;
        var ids = new List<string?>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var what = $"{operation.Name} {path.Name}";
                ids.Add(operation.Value.GetProperty("operationId").GetString());
                Assert.All(["summary", "description", "tags"], field => Assert.True(operation.Value.TryGetProperty(field, out _), $"{what} lacks {field}"));
                var responses = operation.Value.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToList();
                Assert.True(responses.Exists(status => status[0] == '2') && responses.Exists(status => status[0] == '4'), $"{what}: {string.Join(' ', responses)}");
                foreach (var parameter in operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().ToList() : [])
                {
                    Assert.True(parameter.TryGetProperty("description", out _), $"{what}: {parameter}");
                }

                if (operation.Name is "put" or "patch")
                {
                    Assert.True(operation.Value.TryGetProperty("requestBody", out var body), what);
                    Assert.All(body.GetProperty("content").EnumerateObject(), content => Assert.True(content.Value.TryGetProperty("example", out _), what));
                }
            }
        }

        Assert.Equal(ids.Count, ids.Distinct().Count());
    }
}
