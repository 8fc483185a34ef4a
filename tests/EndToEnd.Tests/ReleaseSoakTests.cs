using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>One tag from hand to hand, while whoever has a part in its release is killed or hangs at any moment.</summary>
public sealed class ReleaseSoakTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/relay",
        Host = "ubuntu3";

    /// <summary>Few in the suite, a hundred for <c>./dev soak leases</c>.</summary>
    private static int Rounds => Environment.GetEnvironmentVariable("NEST_SOAK") == "leases" ? 100 : 2;

    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(
            Vm,
            Spec(
                new()
                {
                    ["network"] = "dmz",
                    ["host"] = Host,
                    ["workload"] = "port",
                    ["addressing"] = "none",
                }
            )
        );
        await lab.WhenReadyAsync(Vm);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact, Trait("Soak", "leases")]
    public async Task Whoever_is_killed_at_whatever_moment_a_tag_is_had_again_only_when_nothing_bears_it_any_more()
    {
        var random = new Random(51);
        for (var round = 0; round < Rounds; round++)
        {
            var name = $"r{round}";
            await TakeAsync(name);

            // Whoever had it before is in the NB and on the host no more.
            var inNorthbound = await lab.Sandbox.NbctlAsync(
                "--bare",
                "--columns=name",
                "find",
                "Logical_Switch_Port",
                "parent_name=dmz-relay"
            );
            var onHost = await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=80");
            Assert.DoesNotContain($"{inNorthbound}\n{onHost}".Split('\n', StringSplitOptions.RemoveEmptyEntries), port =>
                port != name && port != $"dmz-relay-{name}"
            );
            var fault = round % 4;
            var isReady = random.Next(2) == 0;
            if (isReady)
            {
                await lab.WhenReadyAsync($"{Vm}/containers/{name}");
            }

            await FaultAsync(
                fault,
                async () =>
                {
                    for (var looks = random.Next(20); looks > 0; looks--)
                    {
                        await lab.Sandbox.VsctlAsync(Host, "list-ports", "br-int");
                    }
                },
                async () => await Eventually.Holds($"{name} is on its way out", async () =>
                    {
                        using var response = await lab.DeleteAsync($"{Vm}/containers/{name}?allowMissing=true");
                        return response.IsSuccessStatusCode;
                    })
            );
            Lab.Tell($"round {round}: {new[] { "agent", "ovn-controller", "NB", "API" }[fault]}, {(isReady ? "ready" : "not ready yet")}");
        }

        var tenures = (await lab.GetAsync("/v1/vms/relay/vlan-history?tag=80&limit=1000"))["items"]!.AsArray().Reverse().ToList();
        Assert.True(tenures.Count >= Rounds);
        Assert.All(tenures.Zip(tenures.Skip(1)), pair => Assert.True(Time(pair.First!, "until") <= Time(pair.Second!, "from")));
    }

    private static DateTimeOffset Time(JsonNode tenure, string field) => tenure[field]!.GetValue<DateTimeOffset>();

    private async Task TakeAsync(string name) => await Eventually.Holds($"{name} has the tag", async () =>
        {
            using var response = await lab.Server.Client.PutAsJsonAsync(
                new Uri($"{Vm}/containers/{name}", UriKind.Relative),
                Spec(
                    new()
                    {
                        ["vlan"] = 80,
                        ["workload"] = "port",
                        ["addressing"] = "none",
                    }
                )
            );
            return response.IsSuccessStatusCode;
        });

    /// <summary>Ends a part, releases the tag before or after, and has the part back a moment later.</summary>
    private async Task FaultAsync(int fault, Func<Task> aMoment, Func<Task> release)
    {
        if (fault == 3)
        {
            // An API that is away takes no release: it dies soon after.
            await release();
            await aMoment();
            await lab.Server.KillAsync();
            await lab.Server.StartAsync();
            return;
        }

        var (host, server) = fault == 1 ? (Host, "controller") : ("central", "nb");
        await aMoment();
        var released = release();
        await (fault == 0 ? lab.Agents[Host].KillAsync() : lab.Sandbox.KillAsync(host, server));
        await released;
        await aMoment();
        if (fault == 0)
        {
            lab.Agents[Host].Start();
        }
        else
        {
            await lab.Sandbox.StartAsync(host, server);
        }
    }

    private static JsonObject Spec(JsonObject spec) => new() { ["spec"] = spec };
}
