using System.Net;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Checks;

/// <summary>Who may request, read and answer checks, and which bodies are refused.</summary>
public sealed class CheckAccessTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task An_editor_requests_checks_and_a_viewer_only_reads_them()
    {
        var lab = await CheckedLab.CreateAsync(api);
        var viewer = ("Authorization", $"Bearer {await api.KeyAsync(Role.Viewer)}");
        var editor = ("Authorization", $"Bearer {await api.KeyAsync(Role.Editor)}");
        (await lab.PingAsync("gateway", "", viewer)).IsProblem("forbidden");
        var check = (await lab.PingAsync("gateway", "", editor)).Is(HttpStatusCode.Created);
        Assert.Equal("key:editor", check.Metadata.GetProperty("by").GetString());
        (await api.GetAsync($"{lab.Container}/checks", viewer)).Is(HttpStatusCode.OK);
        (await api.GetAsync($"{lab.Container}/checks/{check.Id}", viewer)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_agent_reads_and_answers_the_checks_of_its_own_host_only()
    {
        var (lab, other) = (await CheckedLab.CreateAsync(api), await CheckedLab.CreateAsync(api));
        var check = await lab.PingAsync();
        Assert.Empty(await other.Agent.ChecksAsync());
        (await api.GetAsync($"/v1/hosts/{lab.Agent.Host}/checks", other.Agent.Authorization)).IsProblem("forbidden");
        (await other.Agent.FinishAsync(check.Id, CheckedLab.ThreeReplies)).IsProblem("not-found");
        (await api.GetAsync($"{lab.Container}/checks", lab.Agent.Authorization)).IsProblem("forbidden");
        (await lab.PingAsync("gateway", "", lab.Agent.Authorization)).IsProblem("forbidden");
        Assert.Equal("pending", CheckedLab.Status(await lab.ReadAsync(check), "state"));

        // An admin can read the checks of a host but cannot answer them.
        (await api.GetAsync($"/v1/hosts/{lab.Agent.Host}/checks")).Is(HttpStatusCode.OK);
        (await api.PutAsync($"/v1/hosts/{lab.Agent.Host}/checks/{check.Id}", "{}")).IsProblem("forbidden");
        (await api.GetAsync("/v1/hosts/no-such-host/checks")).IsProblem("not-found");
    }

    [Theory]
    [InlineData("{}", "malformed-json")]
    [InlineData("null", "validation-failed")]
    [InlineData("""{"sent":3,"received":4,"roundTripMs":{"min":1,"avg":1,"max":1},"failure":null,"message":null}""", "validation-failed")]
    [InlineData("""{"sent":3,"received":0,"roundTripMs":{"min":1,"avg":1,"max":1},"failure":null,"message":null}""", "validation-failed")]
    [InlineData("""{"sent":3,"received":3,"roundTripMs":null,"failure":null,"message":null}""", "validation-failed")]
    [InlineData("""{"sent":3,"received":3,"roundTripMs":{"min":-1,"avg":1,"max":1},"failure":null,"message":null}""", "validation-failed")]
    [InlineData("""{"sent":300,"received":0,"roundTripMs":null,"failure":null,"message":null}""", "validation-failed")]
    public async Task A_body_that_is_not_a_result_is_refused(string body, string problem)
    {
        var lab = await CheckedLab.CreateAsync(api);
        var check = await lab.PingAsync();
        (await api.PutAsync($"/v1/hosts/{lab.Agent.Host}/checks/{check.Id}", body, lab.Agent.Authorization)).IsProblem(problem);
        (await api.GetAsync($"/v1/hosts/{lab.Agent.Host}/checks?running=c51", lab.Agent.Authorization)).IsProblem("invalid-parameter");
    }

    [Theory]
    [InlineData("""{"kind":"ping"}""", "#/target")]
    [InlineData("""{"target":"gateway"}""", "#/kind")]
    [InlineData("""{"kind":"trace","target":"gateway"}""", "#/kind")]
    [InlineData("""{"kind":"ping","target":"gateway","count":0}""", "#/count")]
    [InlineData("""{"kind":"ping","target":"gateway","count":11}""", "#/count")]
    [InlineData("""{"kind":"ping","target":"x;id"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"-c51"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"a/b/c"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"10.1"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"10.0.0.01"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"127.0.0.1"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"224.0.0.1"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"no-such-name"}""", "#/target")]
    [InlineData("""{"kind":"ping","target":"vm5/no-such-name"}""", "#/target")]
    public async Task A_field_that_is_not_valid_is_named(string body, string pointer)
    {
        var lab = await CheckedLab.CreateAsync(api);
        (await api.PostAsync($"{lab.Container}/checks", body)).IsProblem("validation-failed", pointer);
    }
}
