using System.Net;
using OvnNestApi.Problems;
using OvnNestApi.Service;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Service;

/// <summary>Health, readiness and problem pages.</summary>
public sealed class ServiceTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Health_needs_no_key_and_no_northbound_database()
    {
        (await api.GetAsync("/livez", ("Authorization", ""))).Is(HttpStatusCode.OK);
        var ready = (await api.GetAsync("/readyz", ("Authorization", ""))).Is(HttpStatusCode.OK);
        Assert.Equal("unreachable", ready.Json.GetProperty("northbound").GetString());
    }

    [Fact]
    public async Task The_service_lists_its_features()
    {
        var features = (await api.GetAsync("/v1")).Is(HttpStatusCode.OK).Json.GetProperty("features");
        Assert.Equal(Features.All, features.EnumerateArray().Select(word => word.GetString()));
    }

    [Theory]
    [InlineData("INSERT INTO schema_history VALUES ('99991231235959_Future', '10')", "newer")]
    [InlineData("DELETE FROM schema_history WHERE migration_id = (SELECT max(migration_id) FROM schema_history)", "older")]
    public async Task A_database_of_another_version_is_not_ready(string change, string expected)
    {
        await using var other = new TestApi();
        await other.InitializeAsync();
        await using (var db = other.Open())
        {
            await OvnNestApi.Data.Sql.ExecuteAsync(db, change, default);
        }

        Assert.Contains(
            expected,
            (await other.GetAsync("/readyz", ("Authorization", ""))).IsProblem("schema-mismatch").Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Every_problem_type_has_a_page_with_its_explanation()
    {
        Assert.NotEmpty(ProblemCatalogue.All);
        foreach (var kind in ProblemCatalogue.All)
        {
            Assert.True(kind.Explanation.Length > kind.Title.Length, $"{kind.Code} has no explanation beyond its title.");
            var page = (await api.GetAsync($"/problems/{kind.Code}", ("Authorization", ""))).Is(HttpStatusCode.OK);
            Assert.Contains($"<code>{kind.Code}</code>", page.Text, StringComparison.Ordinal);
            Assert.Contains($"<p>{WebUtility.HtmlEncode(kind.Explanation)}</p>", page.Text, StringComparison.Ordinal);
        }

        Assert.Contains("/problems/in-use", (await api.GetAsync("/problems", ("Authorization", ""))).Text, StringComparison.Ordinal);
        (await api.GetAsync("/problems/none", ("Authorization", ""))).IsProblem("not-found");
    }
}
