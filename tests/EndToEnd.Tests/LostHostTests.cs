using System.Diagnostics;
using System.Net;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A VM is moved from a host that is lost by force only, and the host removes it when it returns.</summary>
public sealed class LostHostTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/lost",
        Container = $"{Vm}/containers/inner",
        Former = "ubuntu1",
        Next = "ubuntu3";

    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(Vm, Spec(Former));
        await lab.PutAsync(Container, Lab.Spec("""{"vlan":80}"""));
        await lab.WhenReadyAsync(Container);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_VM_of_a_lost_host_is_ready_on_another_host_within_5_s_of_a_forced_move_and_the_lost_host_removes_it_later()
    {
        var gateway = lab["vm5"].Gateway;
        await lab.Agents[Former].KillAsync();
        await Eventually.Holds("the host is silent", async () =>
            (string)(await lab.GetAsync($"/v1/hosts/{Former}"))["status"]!["reason"]! == "HostSilent"
        );
        await lab.PutAsync(Vm, Spec(Next));
        await Eventually.Holds("the VM waits for its former host", async () =>
            (string)(await lab.GetAsync(Vm))["status"]!["reason"]! == "Moving"
        );

        var start = Stopwatch.GetTimestamp();
        Assert.Equal(HttpStatusCode.OK, (await lab.SendAsync(HttpMethod.Put, $"{Vm}?force=true", Spec(Next))).Status);
        await lab.WhenReadyAsync(Container);
        Lab.Log($"ready {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s after the forced move");
        Assert.NotEqual("dmz-lost", (string)(await lab.WhenReadyAsync(Vm))["status"]!["effective"]!["portName"]!);

        // The former host still has the bridge, and its ovn-controller runs: it must not serve the port or its children.
        Assert.True(await lab.Sandbox.SucceedsAsync(Former, "ovs-vsctl", "br-exists", "br-lost"));
        var ping = await lab.Sandbox.ExecAsync(Next, "ip", "netns", "exec", "inner", "ping", "-c", "5", "-i", "0.2", "-W", "2", gateway);
        Assert.Contains(" 0% packet loss", ping, StringComparison.Ordinal);
        Assert.DoesNotContain("duplicates", ping, StringComparison.Ordinal);

        lab.Agents[Former].Start();
        await Eventually.Holds("the former host has removed the VM", async () =>
            !await lab.Sandbox.SucceedsAsync(Former, "ovs-vsctl", "br-exists", "br-lost")
            && !(await lab.Sandbox.ExecAsync(Former, "ip", "netns", "list")).Contains("inner", StringComparison.Ordinal)
        );
        await Eventually.Holds("the removal is confirmed", async () =>
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM leftovers") == 0
        );
        await lab.WhenReadyAsync(Container);
        Assert.True(await lab.Sandbox.PingsAsync(Next, "inner", gateway));
    }

    private static System.Text.Json.Nodes.JsonObject Spec(string host) => Lab.Spec($$"""{"network":"dmz","host":"{{host}}"}""");
}
