using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// Many containers have the same tag one after the other, while the agent, ovn-controller, the northbound database and the API are killed
/// in turn at random moments.
/// </summary>
public sealed class ReleaseSoakTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/relay",
        Host = "ubuntu3";

    private static readonly string[] Faults = ["agent", "ovn-controller", "northbound database", "API"];

    /// <summary>2 in <c>./dev test</c>, 100 in <c>./dev soak leases</c>.</summary>
    private static int Rounds => Soak.Size("leases", 2, 100);

    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(Vm, Lab.Spec($$"""{"network":"dmz","host":"{{Host}}","workload":"port","addressing":"none"}"""));
        await lab.WhenReadyAsync(Vm);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact, Trait(Soak.Trait, "leases")]
    public async Task A_tag_is_never_reused_while_OVN_or_the_host_has_it_whichever_process_is_killed()
    {
        var random = new Random(51);
        for (var round = 0; round < Rounds; round++)
        {
            await RoundAsync(round, random);
        }

        var history = (await lab.GetAsync("/v1/vms/relay/vlan-history?tag=80&limit=1000"))["items"]!.AsArray().Reverse().ToList();
        Assert.True(history.Count >= Rounds);
        Assert.All(history.Zip(history.Skip(1)), pair => Assert.True(Time(pair.First!, "until") <= Time(pair.Second!, "from")));
    }

    private static DateTimeOffset Time(JsonNode entry, string field) => entry[field]!.GetValue<DateTimeOffset>();

    /// <summary>Gives the tag to a new container, checks that no other port has it, and deletes the container during a fault.</summary>
    private async Task RoundAsync(int round, Random random)
    {
        var (name, fault) = ($"r{round}", Faults[round % Faults.Length]);
        var path = $"{Vm}/containers/{name}";
        await lab.PutWhenTagIsFreeAsync(path, Lab.Spec("""{"vlan":80,"workload":"port","addressing":"none"}"""));
        await NoOtherPortHasTagAsync(name);

        var isReady = random.Next(2) == 0;
        if (isReady)
        {
            await lab.WhenReadyAsync(path);
        }

        await FaultAsync(fault, random, () => Eventually.Holds($"the deletion of {name} is acknowledged", async () =>
            {
                await lab.DeleteAsync($"{path}?allowMissing=true");
                return true;
            }));
        Lab.Log($"round {round}: {fault} killed, container was {(isReady ? "ready" : "not ready")}");
    }

    private async Task NoOtherPortHasTagAsync(string name)
    {
        var inNorthbound = await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "parent_name=dmz-relay");
        var onHost = await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=80");
        Assert.DoesNotContain($"{inNorthbound}\n{onHost}".Split('\n', StringSplitOptions.RemoveEmptyEntries), port =>
            port != name && port != $"dmz-relay-{name}"
        );
    }

    /// <summary>Kills a process shortly before or after the deletion, and starts it again after a random time.</summary>
    private async Task FaultAsync(string fault, Random random, Func<Task> deleteAsync)
    {
        if (fault == "API")
        {
            // The API must acknowledge the deletion before it is killed.
            await deleteAsync();
            await WaitAsync();
            await lab.Server.KillAsync();
            await lab.Server.StartAsync();
            return;
        }

        await WaitAsync();
        var deletion = deleteAsync();
        await KillAsync(fault);
        await deletion;
        await WaitAsync();
        await StartAsync(fault);

        // A random number of short commands instead of a random sleep, so that a slow machine waits longer.
        async Task WaitAsync()
        {
            for (var commands = random.Next(20); commands > 0; commands--)
            {
                await lab.Sandbox.VsctlAsync(Host, "list-ports", "br-int");
            }
        }
    }

    private Task KillAsync(string fault) =>
        fault switch
        {
            "agent" => lab.Agents[Host].KillAsync(),
            "ovn-controller" => lab.Sandbox.KillAsync(Host, "controller"),
            _ => lab.Sandbox.KillAsync("central", "nb"),
        };

    private Task StartAsync(string fault)
    {
        switch (fault)
        {
            case "agent":
                lab.Agents[Host].Start();
                return Task.CompletedTask;
            case "ovn-controller":
                return lab.Sandbox.StartAsync(Host, "controller");
            default:
                return lab.Sandbox.StartAsync("central", "nb");
        }
    }
}
