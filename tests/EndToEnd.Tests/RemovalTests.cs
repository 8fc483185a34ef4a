using System.Net;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A deleted resource is removed from OVN, hosts and database, and its tag is free only afterwards.</summary>
public sealed class RemovalTests(Lab lab) : IAsyncLifetime
{
    private const string C51 = "/v1/vms/vm5/containers/c51",
        Other = "/v1/vms/vm5/containers/thief";

    public async ValueTask InitializeAsync() => await lab.ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        await lab.PutAsync(C51, Lab.Spec("""{"portName":"dmz-c51","mac":"02:ac:10:ff:01:33","ip":"172.16.255.133","vlan":51}"""));
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_deleted_container_leaves_nothing_behind_and_its_tag_is_free_only_after_the_cool_down()
    {
        var dhcpClients = await DhcpClientsAsync();
        var deleted = await lab.SendAsync(HttpMethod.Delete, C51);
        Assert.Equal(HttpStatusCode.Accepted, deleted.Status);

        await OtherGetsTag51Async();
        Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "name=dmz-c51"));
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ovs-vsctl", "get", "Port", "c51", "tag"));
        Assert.DoesNotContain("c51", await lab.Sandbox.ExecAsync("ubuntu2", "ip", "netns", "list"), StringComparison.Ordinal);
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ip", "link", "show", "c51"));

        Assert.Equal(51, (int)(await lab.WhenReadyAsync(Other))["status"]!["effective"]!["vlan"]!);
        Assert.Equal(dhcpClients, await DhcpClientsAsync());
        await lab.RemoveAsync(Other);
        await Eventually.Holds("tag 51 is free", async () => await lab.TagStateAsync("vm5", 51) is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?wait=60s")]
    public async Task A_container_that_is_deleted_and_created_again_is_new_but_keeps_tag_and_address(string query)
    {
        var before = await lab.GetAsync(C51);
        await lab.DeleteAsync($"{C51}{query}");

        // The request has only the port's name: tag and address are those of the deleted container.
        var created = await lab.PutAsync(C51, Lab.Spec("""{"portName":"dmz-c51"}"""));
        Assert.NotEqual((string)before["metadata"]!["id"]!, (string)created["metadata"]!["id"]!);
        await RefusedForOtherAsync("""{"vlan":51}""");
        await RefusedForOtherAsync("""{"ip":"172.16.255.133"}""");
        await RefusedForOtherAsync("""{"mac":"02:ac:10:ff:01:33"}""");
        await RefusedForOtherAsync("""{"portName":"dmz-c51"}""");

        var ready = await lab.WhenReadyAsync(C51);
        Assert.Equal((string)created["metadata"]!["id"]!, (string)ready["metadata"]!["id"]!);
        foreach (var kept in new[] { "vlan", "ip", "mac", "portName", "interface", "namespace" })
        {
            Assert.Equal(before["status"]!["effective"]![kept]!.ToJsonString(), ready["status"]!["effective"]![kept]!.ToJsonString());
        }

        Assert.True(await lab.Sandbox.PingsAsync("ubuntu2", lab["c51"].Namespace, lab["c51"].Gateway));
    }

    [Fact]
    public async Task A_VM_with_containers_is_deleted_only_with_cascade_and_leaves_nothing_behind()
    {
        var before = await CountsAsync();
        await lab.PutAsync("/v1/vms/vm9", Lab.Spec("""{"network":"dmz","host":"ubuntu2"}"""));
        await lab.PutAsync("/v1/vms/vm9/containers/c91", Lab.Spec("{}"));
        await lab.PutAsync("/v1/vms/vm9/containers/c92", Lab.Spec("""{"network":"inside"}"""));
        await lab.WhenReadyAsync("/v1/vms/vm9/containers/c91");
        await lab.WhenReadyAsync("/v1/vms/vm9/containers/c92");
        Assert.True(await lab.Sandbox.PingsAsync("ubuntu2", "c92", lab["vm3"].Ip));
        Assert.NotEqual(before, await CountsAsync());

        var refused = await lab.SendAsync(HttpMethod.Delete, "/v1/vms/vm9");
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("in-use", refused.Text, StringComparison.Ordinal);
        Assert.Contains("c91", refused.Text, StringComparison.Ordinal);
        Assert.Contains("c92", refused.Text, StringComparison.Ordinal);

        await lab.RemoveAsync("/v1/vms/vm9?cascade=true");
        await Eventually.Becomes("nothing of vm9 is left", CountsAsync, counts => counts == before);
    }

    [Fact]
    public async Task A_VM_deleted_with_cascade_can_be_created_again_from_the_representations_read_before()
    {
        var vm = await lab.GetAsync("/v1/vms/vm5");
        var containers = new[] { await lab.GetAsync(C51), await lab.GetAsync("/v1/vms/vm5/containers/c52") };
        var before = await CountsAsync();
        await lab.RemoveAsync("/v1/vms/vm5?cascade=true");
        Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "parent_name=dmz-vm5"));
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ovs-vsctl", "br-exists", "br-vm5"));

        await lab.PutAsync("/v1/vms/vm5", vm);
        await lab.PutAsync(C51, containers[0]);
        await lab.PutAsync("/v1/vms/vm5/containers/c52", containers[1]);
        await lab.ReadyAsync();
        await Eventually.Becomes("all of vm5 exists, once", CountsAsync, counts => counts == before);
        Assert.Empty(await lab.FailingPingsAsync());
    }

    /// <summary>Asserts that another container gets tag 51, and only after the cool-down.</summary>
    private async Task OtherGetsTag51Async()
    {
        var states = new List<string>();
        await lab.PutWhenTagIsFreeAsync(Other, Lab.Spec("""{"vlan":51}"""), async () =>
        {
            if (await lab.TagStateAsync("vm5", 51) is { } state && states.LastOrDefault() != state)
            {
                states.Add(state);
            }
        });
        Lab.Log($"states of tag 51: {string.Join(" → ", states)} → free");
        Assert.Contains("cooling", states);
        Assert.DoesNotContain("bound", states);
    }

    /// <summary>Asserts that another container does not get the tag, address or name of c51.</summary>
    private async Task RefusedForOtherAsync(string spec) =>
        Assert.Equal(HttpStatusCode.Conflict, (await lab.SendAsync(HttpMethod.Put, Other, Lab.Spec(spec))).Status);

    /// <summary>Returns the number of DHCP clients, the only processes in the namespaces of ubuntu2.</summary>
    private Task<int> DhcpClientsAsync() => LinesAsync("ubuntu2", "for n in $(ip netns list | cut -d' ' -f1); do ip netns pids $n; done");

    /// <summary>Counts everything that a deletion could leave behind.</summary>
    private async Task<Counts> CountsAsync() =>
        new(
            await LinesAsync("central", "ovn-nbctl --bare --columns=name list Logical_Switch_Port"),
            await LinesAsync("ubuntu2", "ovs-vsctl list-br"),
            await LinesAsync("ubuntu2", "ovs-vsctl --bare --columns=name list Port"),
            await LinesAsync("ubuntu2", "ip netns list"),
            await DhcpClientsAsync(),
            await LinesAsync("ubuntu2", "ls /etc/netns"),
            (await lab.GetAsync("/v1/vms/vm5/vlan-leases"))["items"]!.AsArray().Count(IsBound),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM vlan_leases WHERE state <> 'Cooling'"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM addresses WHERE freed_at IS NULL"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM claimed_names"),
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM placements")
        );

    private static bool IsBound(JsonNode? lease) => (string)lease!["status"]!["state"]! == "bound";

    private async Task<int> LinesAsync(string host, string command) =>
        (await lab.Sandbox.ShellAsync(host, command)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

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
