using TestServers;

namespace EndToEnd.Tests;

/// <summary>The bridge of a VM delivers tagged frames to no device.</summary>
public sealed class IsolationTests(Lab lab)
{
    private const string Broadcast = "172.16.255.191";

    [Theory]
    [InlineData("vm5")]
    [InlineData("c52")]
    public async Task Broadcasts_of_a_container_reach_other_devices_of_the_VM_without_a_tag_only(string receiver)
    {
        await lab.ReadyAsync();
        var frames = await CaptureAsync(receiver);
        Assert.Contains(frames, frame => !IsTagged(frame));
        Assert.DoesNotContain(frames, IsTagged);
    }

    /// <summary>Proves that the capture of the test above would show tagged frames.</summary>
    [Fact]
    public async Task Without_tag_and_trunks_tagged_frames_reach_the_VM_and_the_agent_restores_both()
    {
        await lab.ReadyAsync();
        var agent = lab.Agents["ubuntu2"];
        await agent.StopAsync();
        try
        {
            await lab.Sandbox.VsctlAsync("ubuntu2", "clear", "Port", "vm5", "tag", "--", "clear", "Port", "brvm5-brint", "trunks");
            Assert.Contains(await CaptureAsync("vm5"), IsTagged);
        }
        finally
        {
            agent.Start();
        }

        var took = await Eventually.Holds("tag and trunks are restored", async () =>
            await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "vm5", "tag") == "0"
            && await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "brvm5-brint", "trunks") == "[0, 51, 52]"
        );
        Lab.Log($"tag and trunks restored after {took.TotalSeconds:0.00} s");
        Assert.DoesNotContain(await CaptureAsync("vm5"), IsTagged);
    }

    private static bool IsTagged(string frame) => frame.Contains("802.1Q", StringComparison.Ordinal);

    /// <summary>
    /// Sends broadcasts from c51 until the receiver has got five untagged frames, and returns all frames that it got. A tagged copy of a
    /// frame would arrive at about the same time as the untagged one, which OVN delivers.
    /// </summary>
    private async Task<IReadOnlyList<string>> CaptureAsync(string receiver)
    {
        var (source, target) = (lab["c51"], lab[receiver]);
        await using var capture = lab.Sandbox.Start(
            target.Host,
            ["ip", "netns", "exec", target.Namespace, "tcpdump", "-e", "-n", "-l", "-i", target.Interface, "ether", "src", source.Mac]
        );
        await capture.WaitForLineAsync("listening on");
        await Eventually.Holds($"{receiver} gets the broadcasts of c51", async () =>
        {
            await lab.Sandbox.SucceedsAsync(source.Host, "ip", "netns", "exec", source.Namespace, "ping", "-c1", "-W1", "-b", Broadcast);
            return Frames().Count(frame => !IsTagged(frame)) >= 5;
        });
        return Frames();

        IReadOnlyList<string> Frames() => [.. capture.Output.Split('\n').Where(IsFrame)];

        bool IsFrame(string line) =>
            line.Contains(source.Mac, StringComparison.OrdinalIgnoreCase) && line.Contains(" > ", StringComparison.Ordinal);
    }
}
