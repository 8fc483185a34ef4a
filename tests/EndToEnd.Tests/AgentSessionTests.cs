using System.Net.Http.Headers;
using System.Net.Http.Json;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>Of several agents with the key of one host, only one changes anything.</summary>
public sealed class AgentSessionTests(Lab lab) : IAsyncLifetime
{
    private const string Host = "ubuntu2",
        Other = "ubuntu3";

    private string CopiedFolder => Path.Combine(lab.Sandbox.Folder, Other, "copied");

    public async ValueTask InitializeAsync() => await lab.ReadyAsync();

    public async ValueTask DisposeAsync() => await lab.ReadyAsync();

    [Fact]
    public async Task An_agent_with_a_copied_key_on_another_machine_changes_nothing_and_the_host_says_why_it_was_refused()
    {
        await lab.Agents[Other].StopAsync();
        await using (var copy = StartCopy(Other))
        {
            await copy.WaitForLineAsync("system-id");
            Assert.Contains("is bound to the machine with system-id ubuntu2", copy.Output, StringComparison.Ordinal);
            Assert.False(await lab.Sandbox.SucceedsAsync(Other, "ovs-vsctl", "br-exists", "br-vm5"));
            var status = (await lab.GetAsync($"/v1/hosts/{Host}"))["status"]!;
            Assert.True((bool)status["ready"]!);
            Assert.Equal(Host, (string)status["agent"]!["systemId"]!);
            Assert.Contains(Other, (string)status["agent"]!["refusal"]!, StringComparison.Ordinal);
        }

        lab.Agents[Other].Start();
        await lab.ReadyAsync();
        Assert.False(await lab.Sandbox.SucceedsAsync(Other, "ovs-vsctl", "br-exists", "br-vm5"));
        Assert.Empty(await lab.FailingPingsAsync());
    }

    [Fact]
    public async Task A_second_agent_on_a_host_does_not_start()
    {
        await using var second = StartCopy(Host);
        await second.WaitForLineAsync("Another agent runs on this host");
        await second.WaitForExitAsync();
        Assert.Equal(2, second.ExitCode);
        Assert.True((bool)(await lab.GetAsync("/v1/vms/vm5"))["status"]!["ready"]!);
    }

    [Fact]
    public async Task An_agent_whose_session_was_taken_over_changes_nothing_and_takes_the_host_back_when_it_is_started_again()
    {
        // As an agent of a machine with the same system-id does, for example a clone.
        using var client = new HttpClient { BaseAddress = lab.Server.Url };
        var key = await File.ReadAllTextAsync(Path.Combine(lab.Agents[Host].Folder, "key"));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var session = new Uri($"v1/hosts/{Host}/session", UriKind.Relative);
        using var answer = await client.PutAsJsonAsync(session, new { id = Guid.NewGuid(), systemId = Host });
        answer.EnsureSuccessStatusCode();
        await Eventually.Holds("the agent knows", async () =>
            (await File.ReadAllTextAsync(Path.Combine(lab.Sandbox.Folder, Host, "agent.log"))).Contains(
                "this agent changes nothing",
                StringComparison.Ordinal
            )
        );

        await lab.Sandbox.VsctlAsync(Host, "del-port", "c52");
        await Eventually.Holds("the host is silent", async () =>
            (string)(await lab.GetAsync($"/v1/hosts/{Host}"))["status"]!["reason"]! == "HostSilent"
        );
        Assert.False(await lab.Sandbox.SucceedsAsync(Host, "ovs-vsctl", "get", "Port", "c52", "tag"));
        Assert.False(lab.Agents[Host].Process.HasExited);

        await lab.Agents[Host].StopAsync();
        lab.Agents[Host].Start();
        await Eventually.Holds("the agent has repaired the port", () =>
            lab.Sandbox.SucceedsAsync(Host, "ovs-vsctl", "get", "Port", "c52", "tag")
        );
    }

    /// <summary>Starts an agent with the key of <see cref="Host"/> and a state folder of its own.</summary>
    private ChildProcess StartCopy(string machine)
    {
        Directory.CreateDirectory(CopiedFolder);
        foreach (var file in new[] { "key", "host" })
        {
            File.Copy(Path.Combine(lab.Agents[Host].Folder, file), Path.Combine(CopiedFolder, file), overwrite: true);
        }

        var environment = new Dictionary<string, string?> { ["NEST_URL"] = $"unix:{lab.Server.Socket}", ["NEST_STATE"] = CopiedFolder };
        return lab.Sandbox.Start(machine, ["dotnet", Programs.Agent], environment);
    }
}
