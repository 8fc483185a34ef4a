using OvnNestApi.Contracts;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Checks;

/// <summary>A VM with the containers c51 and c52 on a host with a simulated agent.</summary>
internal sealed record CheckedLab(TestApi Api, string Vm, SimulatedAgent Agent)
{
    public static readonly CheckResult ThreeReplies = new(3, 3, new(0.2, 0.3, 0.5), null, null);

    public string Container => $"/v1/vms/{Vm}/containers/c51";

    /// <summary>Creates the resources with new names, and waits until the agent is seen.</summary>
    public static async Task<CheckedLab> CreateAsync(
        TestApi api,
        string network = """{"subnet":"172.16.255.128/26","gateway":"172.16.255.129"}"""
    )
    {
        var (host, vm) = (api.NewName("host"), api.NewName("vm"));
        await api.PutSpecAsync($"/v1/hosts/{host}");
        var agent = await SimulatedAgent.EnrolAsync(api, host);
        await agent.FetchAsync();
        await api.PutSpecAsync($"/v1/vms/{vm}", $$"""{"network":"{{await api.NetworkAsync(network)}}","host":"{{host}}"}""");
        await api.PutSpecAsync($"/v1/vms/{vm}/containers/c51");
        await api.PutSpecAsync($"/v1/vms/{vm}/containers/c52");
        await Eventually.Becomes(
            "the agent is seen",
            async () => (await api.GetAsync($"/v1/hosts/{host}")).Json.GetProperty("status").GetProperty("ready").GetBoolean(),
            isReady => isReady
        );
        return new(api, vm, agent);
    }

    /// <summary>Requests a ping from the container c51.</summary>
    public Task<ApiResponse> PingAsync(string target = "gateway", string query = "", params (string Name, string Value)[] headers) =>
        Api.PostAsync($"{Container}/checks{query}", $$"""{"kind":"ping","target":"{{target}}"}""", headers);

    /// <summary>Returns the check with its present state.</summary>
    public async Task<ApiResponse> ReadAsync(ApiResponse check) => (await Api.GetAsync($"{Container}/checks/{check.Id}")).IsSuccess();

    /// <summary>Makes the requests of the host's checks older.</summary>
    public Task AgeAsync(TimeSpan by) => Api.ExecuteAsync($"UPDATE checks SET created_at = created_at - {by} WHERE host = {Agent.Host}");

    public static string? Status(ApiResponse check, string field) =>
        check.Json.GetProperty("status").TryGetProperty(field, out var value) ? value.ToString() : null;
}
