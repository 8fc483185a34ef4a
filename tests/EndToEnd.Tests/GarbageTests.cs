using TestServers;

namespace EndToEnd.Tests;

/// <summary>An agent whose requests are answered with garbage for a while, although its connections stay open, is soon back.</summary>
public sealed class GarbageTests(Lab lab)
{
    private const string Host = "ubuntu3";

    // Usually below the sum of the longest pause between two attempts and the longest wait for an answer to a probe, 6 s. Before an agent
    // probed, it took up to 46 s.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public static TheoryData<string> Kinds => [.. GarbageFront.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_agent_is_back_soon_after_garbage(string kind)
    {
        await lab.ReadyAsync();
        await using var front = new GarbageFront(lab.Server.Socket);
        var agent = lab.Agents[Host];
        await agent.StopAsync();
        agent.Start($"unix:{front.Socket}");
        await Eventually.Holds("the agent has opened its session and polls", () => front.HasPassedPoll);
        await lab.PutAsync("/v1/networks/garbage", Lab.Spec("""{"subnet":"10.51.0.0/24"}"""));
        try
        {
            front.Begin(kind);
            await Eventually.Holds("attempts after the first failure got garbage", () => front.SpoiledProbes >= 3);
            await lab.PutAsync("/v1/vms/vm9", Lab.Spec($$"""{"network":"garbage","host":"{{Host}}","workload":"port"}"""));

            var returned = await front.End();

            var took = await Eventually.Holds("the new work is done", async () =>
                (bool)(await lab.GetAsync("/v1/vms/vm9"))["status"]!["ready"]!
            );
            Lab.Log($"{kind}: a new connection after {returned.TotalSeconds:0.0} s, new work done {took.TotalSeconds:0.0} s later");
            Assert.True(returned < Limit, $"The agent came back {returned} after the garbage ended.");
        }
        finally
        {
            await agent.StopAsync();
            agent.Start($"unix:{lab.Server.Socket}");
            await lab.RemoveAsync("/v1/networks/garbage?cascade=true");
        }
    }
}
