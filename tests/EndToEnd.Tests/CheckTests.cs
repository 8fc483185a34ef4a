using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests;

/// <summary>Checks of the lab's containers: the agents send real pings.</summary>
public sealed class CheckTests(Lab lab)
{
    private const string Checks = "/v1/vms/vm5/containers/c51/checks";

    [Theory]
    [InlineData("gateway")]
    [InlineData("vm5")]
    [InlineData("c52")]
    [InlineData("vm1")]
    public async Task A_container_pings_its_gateway_its_VM_its_siblings_and_other_VMs(string target)
    {
        var check = await PingAsync(target, HttpStatusCode.Created);
        Assert.Equal(("done", 3), (State(check), (int?)check["sent"]));

        // The first packet through a tunnel is lost while Open vSwitch looks for the MAC address of the other host.
        Assert.True((int)check["received"]! > 0 && (double)check["roundTripMs"]!["min"]! > 0, check.ToJsonString());
    }

    [Fact]
    public async Task An_address_that_does_not_answer_has_no_reply()
    {
        var check = await PingAsync("172.16.255.189", HttpStatusCode.Created);
        Assert.Equal(("done", "NoReply"), (State(check), (string?)check["reason"]));
        Assert.Equal((3, 0), ((int?)check["sent"], (int?)check["received"]));
    }

    [Fact]
    public async Task A_check_of_a_stopped_agent_has_a_reason_and_the_next_one_after_its_start_has_a_result()
    {
        var agent = lab.Agents["ubuntu2"];
        await agent.StopAsync();
        try
        {
            var pending = await PingAsync("gateway", HttpStatusCode.Accepted, "1s");
            Assert.Equal(("pending", "HostPending"), (State(pending), (string?)pending["reason"]));
            var failed = await PingAsync("gateway", HttpStatusCode.Created, "60s");
            Assert.Equal(("failed", "HostSilent"), (State(failed), (string?)failed["reason"]));
        }
        finally
        {
            agent.Start();
        }

        await lab.ReadyAsync();
        Assert.Equal("done", State(await PingAsync("gateway", HttpStatusCode.Created, "60s")));
    }

    /// <summary>Requests a ping from c51, and returns its status when it has finished.</summary>
    private async Task<JsonNode> PingAsync(string target, HttpStatusCode expected, string wait = "30s")
    {
        var start = Stopwatch.GetTimestamp();
        var body = new JsonObject { ["kind"] = "ping", ["target"] = target };
        var response = (await lab.SendAsync(HttpMethod.Post, $"{Checks}?wait={wait}", body)).EnsureSuccess();
        Lab.Log($"{target}: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms: {response.Json["status"]!.ToJsonString()}");
        Assert.Equal(expected, response.Status);
        return response.Json["status"]!;
    }

    private static string? State(JsonNode check) => (string?)check["state"];
}
