using System.Net;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>State and mode of the reconciler over HTTP.</summary>
public sealed class ReconcilerApiTests(TestApi api) : IClassFixture<TestApi>
{
    private const string Path = "/v1/reconciler";

    [Fact]
    public async Task A_viewer_sees_the_leader_the_error_of_the_NB_and_the_number_of_waiting_resources()
    {
        await api.NetworkAsync();
        var status = await Eventually.Becomes(
            "the error of the NB is shown",
            async () =>
                (await api.GetAsync(Path, ("Authorization", $"Bearer {await api.KeyAsync(Role.Viewer)}")))
                    .Is(HttpStatusCode.OK)
                    .Json.GetProperty("status"),
            status => status.GetProperty("northbound").TryGetProperty("error", out _) && status.GetProperty("mode").GetString() == "repair"
        );
        Assert.True(status.GetProperty("epoch").GetInt64() > 0);
        Assert.True(status.GetProperty("lag").GetInt32() > 0);
        Assert.False(status.GetProperty("northbound").TryGetProperty("seenAt", out _));
    }

    [Fact]
    public async Task Only_an_admin_can_set_the_mode()
    {
        (
            await api.PutAsync(Path, """{"spec":{"mode":"observe"}}""", ("Authorization", $"Bearer {await api.KeyAsync(Role.Editor)}"))
        ).IsProblem("forbidden");
        (await api.PutAsync(Path, """{"spec":{"mode":"sleep"}}""")).IsProblem("validation-failed", "#/spec/mode");
        (await api.PutAsync(Path, "{}")).IsProblem("validation-failed", "#/spec");

        var answer = (await api.PutAsync(Path, """{"spec":{"mode":"observe"}}""")).Is(HttpStatusCode.OK);
        Assert.Equal("observe", answer.Json.GetProperty("spec").GetProperty("mode").GetString());
        await Eventually.Becomes(
            "the mode is in force",
            async () => (await api.GetAsync(Path)).Json.GetProperty("status").GetProperty("mode").GetString(),
            mode => mode == "observe"
        );
        (await api.PutAsync(Path, answer.Text)).Is(HttpStatusCode.OK);
        (await api.PutAsync(Path, """{"spec":{}}""")).Is(HttpStatusCode.OK);
        await Eventually.Becomes(
            "the default is in force",
            async () => (await api.GetAsync(Path)).Json.GetProperty("status").GetProperty("mode").GetString(),
            mode => mode == "repair"
        );
    }
}
