using TestServers;

namespace EndToEnd.Tests;

/// <summary>The container host's half of the bargain: no container's tagged frames reach another's device.</summary>
public sealed class IsolationTests(Lab lab)
{
    private const string Broadcast = "172.16.255.191";

    [Theory]
    [InlineData("vm5")]
    [InlineData("c52")]
    public async Task While_c51_broadcasts_no_tagged_frame_reaches_another_device(string listener)
    {
        await lab.ReadyAsync();
        var frames = await CaptureAsync(listener);
        Assert.Contains(frames, f => !Tagged(f));
        Assert.DoesNotContain(frames, Tagged);
    }

    [Fact]
    public async Task The_same_capture_sees_them_once_tag_and_trunks_are_taken_off()
    {
        await lab.ReadyAsync();
        var agent = lab.Agents["ubuntu2"];
        await agent.StopAsync();
        try
        {
            await lab.Sandbox.VsctlAsync("ubuntu2", "clear", "Port", "vm5", "tag", "--", "clear", "Port", "brvm5-brint", "trunks");
            Assert.Contains(await CaptureAsync("vm5"), Tagged);
        }
        finally
        {
            agent.Start();
        }

        var took = await Eventually.Holds("tag and trunks are back", async () =>
            await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "vm5", "tag") == "0"
            && await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "brvm5-brint", "trunks") == "[0, 51, 52]"
        );
        Lab.Tell($"tag and trunks back after {took.TotalSeconds:0.00} s");
        Assert.DoesNotContain(await CaptureAsync("vm5"), Tagged);
    }

    private static bool Tagged(string frame) => frame.Contains("802.1Q", StringComparison.Ordinal);

    /// <summary>c51 broadcasts until its untagged frame, which OVN delivers, has been seen five times: by then a leak would have shown as well.</summary>
    private async Task<IReadOnlyList<string>> CaptureAsync(string listener)
    {
        var (source, target) = (lab["c51"], lab[listener]);
        await using var capture = lab.Sandbox.Start(
            target.Host,
            ["ip", "netns", "exec", target.Namespace, "tcpdump", "-e", "-n", "-l", "-i", target.Interface, "ether", "src", source.Mac]
        );
        await capture.LineAsync("listening on");
        await Eventually.Holds($"{listener} sees the broadcasts of c51", async () =>
        {
            await lab.Sandbox.SucceedsAsync(source.Host, "ip", "netns", "exec", source.Namespace, "ping", "-c1", "-W1", "-b", Broadcast);
            return Frames().Count(f => !Tagged(f)) >= 5;
        });
        return Frames();

        IReadOnlyList<string> Frames() =>
            [
                .. capture
                    .Output.Split('\n')
                    .Where(l => l.Contains(source.Mac, StringComparison.OrdinalIgnoreCase) && l.Contains(" > ", StringComparison.Ordinal)),
            ];
    }
}
