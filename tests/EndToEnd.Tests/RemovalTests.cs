using System.Net;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>What goes, goes everywhere, and a tag is free only when everybody has let go of it.</summary>
public sealed class RemovalTests(Lab lab) : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await lab.ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        await lab.PutAsync("/v1/vms/vm5/containers/c51", C51());
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_deleted_container_leaves_nothing_and_its_tag_is_had_again_only_after_the_cool_down()
    {
        var client = await ClientsAsync();
        using (var deleted = await lab.DeleteAsync("/v1/vms/vm5/containers/c51"))
        {
            Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        }

        // In between nobody else can have tag 51, whatever state it is in.
        var states = new List<string>();
        await Eventually.Holds("tag 51 is free again", async () =>
        {
            try
            {
                await lab.PutAsync("/v1/vms/vm5/containers/thief", new JsonObject { ["spec"] = new JsonObject { ["vlan"] = 51 } });
                return true;
            }
            catch (HttpRequestException refused) when (refused.StatusCode == HttpStatusCode.Conflict)
            {
                Assert.Contains("vlan-tag-taken", refused.Message, StringComparison.Ordinal);
                if (await LeaseAsync(51) is { } state && (states.Count == 0 || states[^1] != state))
                {
                    states.Add(state);
                }

                return false;
            }
        });
        Lab.Tell($"states of tag 51: {string.Join(" → ", states)} → free");
        Assert.Contains("cooling", states);
        Assert.DoesNotContain("bound", states);

        Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "name=dmz-c51"));
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ovs-vsctl", "get", "Port", "c51", "tag"));
        Assert.DoesNotContain("c51", await lab.Sandbox.ExecAsync("ubuntu2", "ip", "netns", "list"), StringComparison.Ordinal);
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ip", "link", "show", "c51"));

        Assert.Equal(51, (int)(await lab.WhenReadyAsync("/v1/vms/vm5/containers/thief"))["status"]!["effective"]!["vlan"]!);
        Assert.Equal(client, await ClientsAsync());
        await lab.RemoveAsync("/v1/vms/vm5/containers/thief");
        await Eventually.Holds("tag 51 has cooled", async () => await LeaseAsync(51) is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?wait=60s")]
    public async Task Deleting_and_at_once_putting_a_container_makes_a_new_one_that_keeps_tag_and_address(string orOnceItIsGone)
    {
        var before = await lab.GetAsync("/v1/vms/vm5/containers/c51");
        using (await lab.DeleteAsync($"/v1/vms/vm5/containers/c51{orOnceItIsGone}")) { }

        // Nothing is asked for but the port's name: tag and address are the predecessor's.
        var again = await lab.PutAsync(
            "/v1/vms/vm5/containers/c51",
            new JsonObject { ["spec"] = new JsonObject { ["portName"] = "dmz-c51" } }
        );
        Assert.NotEqual((string)before["metadata"]!["id"]!, (string)again["metadata"]!["id"]!);
        await RefusedAsync(new() { ["vlan"] = 51 });
        await RefusedAsync(new() { ["ip"] = "172.16.255.133" });
        await RefusedAsync(new() { ["mac"] = "02:ac:10:ff:01:33" });
        await RefusedAsync(new() { ["portName"] = "dmz-c51" });

        var ready = await lab.WhenReadyAsync("/v1/vms/vm5/containers/c51");
        Assert.Equal((string)again["metadata"]!["id"]!, (string)ready["metadata"]!["id"]!);
        foreach (var kept in new[] { "vlan", "ip", "mac", "portName", "interface", "namespace" })
        {
            Assert.Equal(before["status"]!["effective"]![kept]!.ToJsonString(), ready["status"]!["effective"]![kept]!.ToJsonString());
        }

        Assert.True(await lab.Sandbox.PingsAsync("ubuntu2", lab["c51"].Namespace, lab["c51"].Gateway));
    }

    [Fact]
    public async Task A_vm_with_containers_is_not_deleted_and_with_cascade_leaves_nothing_behind()
    {
        var before = await CountsAsync();
        await lab.PutAsync(
            "/v1/vms/vm9",
            new JsonObject
            {
                ["spec"] = new JsonObject { ["network"] = "dmz", ["host"] = "ubuntu2" },
            }
        );
        await lab.PutAsync("/v1/vms/vm9/containers/c91", new JsonObject { ["spec"] = new JsonObject() });
        await lab.PutAsync("/v1/vms/vm9/containers/c92", new JsonObject { ["spec"] = new JsonObject { ["network"] = "inside" } });
        await lab.WhenReadyAsync("/v1/vms/vm9/containers/c91");
        await lab.WhenReadyAsync("/v1/vms/vm9/containers/c92");
        Assert.True(await lab.Sandbox.PingsAsync("ubuntu2", "c92", lab["vm3"].Ip));
        Assert.NotEqual(before, await CountsAsync());

        using (var refused = await lab.DeleteAsync("/v1/vms/vm9"))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            var problem = await refused.Content.ReadAsStringAsync();
            Assert.Contains("in-use", problem, StringComparison.Ordinal);
            Assert.Contains("c91", problem, StringComparison.Ordinal);
            Assert.Contains("c92", problem, StringComparison.Ordinal);
        }

        await lab.RemoveAsync("/v1/vms/vm9?cascade=true");
        Assert.Equal(before, await Eventually.Becomes("nothing of vm9 is left", CountsAsync, c => c == before));
    }

    [Fact]
    public async Task The_vm_of_the_seed_goes_with_cascade_and_comes_back_whole()
    {
        var (vm, containers) = (
            await lab.GetAsync("/v1/vms/vm5"),
            new[] { await lab.GetAsync("/v1/vms/vm5/containers/c51"), await lab.GetAsync("/v1/vms/vm5/containers/c52") }
        );
        var before = await CountsAsync();
        await lab.RemoveAsync("/v1/vms/vm5?cascade=true");
        Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "parent_name=dmz-vm5"));
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ovs-vsctl", "br-exists", "br-vm5"));

        await lab.PutAsync("/v1/vms/vm5", vm);
        await lab.PutAsync("/v1/vms/vm5/containers/c51", containers[0]);
        await lab.PutAsync("/v1/vms/vm5/containers/c52", containers[1]);
        await lab.ReadyAsync();
        Assert.Equal(before, await Eventually.Becomes("all of vm5 is back, once", CountsAsync, c => c == before));
        Assert.Empty(await lab.FailingPingsAsync(lab.Machines));
    }

    private static JsonObject C51() =>
        new()
        {
            ["spec"] = new JsonObject
            {
                ["portName"] = "dmz-c51",
                ["mac"] = "02:ac:10:ff:01:33",
                ["ip"] = "172.16.255.133",
                ["vlan"] = 51,
            },
        };

    /// <summary>To nobody else.</summary>
    private async Task RefusedAsync(JsonObject spec)
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() =>
            lab.PutAsync("/v1/vms/vm5/containers/thief", new JsonObject { ["spec"] = spec })
        );
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    private async Task<string?> LeaseAsync(int tag)
    {
        try
        {
            return (string)(await lab.GetAsync($"/v1/vms/vm5/vlan-leases/{tag}"))["status"]!["state"]!;
        }
        catch (HttpRequestException none) when (none.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>DHCP clients on ubuntu2.</summary>
    private async Task<int> ClientsAsync() =>
        (await lab.Sandbox.ExecAsync("ubuntu2", "sh", "-c", "for n in $(ip netns list | cut -d' ' -f1); do ip netns pids $n; done"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Length;

    /// <summary>Everything that could be left behind, counted in every place.</summary>
    private async Task<Counts> CountsAsync() =>
        new(
            await LinesAsync("central", "ovn-nbctl", "--bare", "--columns=name", "list", "Logical_Switch_Port"),
            await LinesAsync("ubuntu2", "ovs-vsctl", "list-br"),
            await LinesAsync("ubuntu2", "ovs-vsctl", "--bare", "--columns=name", "list", "Port"),
            await LinesAsync("ubuntu2", "ip", "netns", "list"),
            await ClientsAsync(),
            await LinesAsync("ubuntu2", "ls", "/etc/netns"),
            (await lab.GetAsync("/v1/vms/vm5/vlan-leases"))["items"]!.AsArray().Count(l => (string)l!["status"]!["state"]! == "bound"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM vlan_leases WHERE state <> 'Cooling'"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM addresses WHERE freed_at IS NULL"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM claimed_names"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM placements")
        );

    private async Task<int> LinesAsync(string host, params string[] command) =>
        (await lab.Sandbox.ExecAsync(host, command)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private sealed record Counts(
        int LogicalPorts,
        int Bridges,
        int Ports,
        int Namespaces,
        int DhcpClients,
        int ResolverFolders,
        int BoundLeases,
        long Leases,
        long Addresses,
        long Names,
        long Placements
    );
}
