using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Networks on logical routers that another system created.</summary>
public sealed class ExistingRouterTests
{
    private const string Edge = """{"router":{"existing":true}}""";
    private const string Network = """{"subnet":"172.16.255.128/26","router":"edge"}""";

    [Fact]
    public async Task Only_the_ports_of_an_existing_router_change_and_only_ours()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await CreateAsync(nest, "edge");
        await nest.NbctlAsync("set", "Logical_Router", "edge", "options:chassis=gw1", "external_ids:theirs=1");
        await nest.NbctlAsync("lrp-add", "edge", "uplink", "02:00:00:00:00:01", "192.0.2.2/24");
        await nest.NbctlAsync("lr-nat-add", "edge", "snat", "192.0.2.2", "172.16.255.128/26");
        await nest.NbctlAsync("lr-route-add", "edge", "0.0.0.0/0", "192.0.2.1");
        var before = await ForeignAsync(nest);

        await nest.Api.PutSpecAsync("/v1/routers/edge", Edge);
        await nest.NetworkAsync(spec: Network);
        await nest.SettledAsync();
        Assert.Equal(["edge-dmz", "uplink"], await RouterPortsAsync(nest));
        Assert.Equal("""["172.16.255.129/26"]""", (await nest.NbctlAsync("get", "Logical_Router_Port", "edge-dmz", "networks")).Trim());
        Assert.Null((await nest.ReadAsync(db => db.Routers.SingleAsync())).Rejection);
        Assert.True((await nest.ReadAsync(db => db.Routers.SingleAsync())).InNorthbound);

        (await nest.Api.DeleteAsync("/v1/routers/edge?cascade=true")).IsSuccess();
        await Eventually.Becomes("only the foreign port is left", () => RouterPortsAsync(nest), ports => ports is ["uplink"]);
        await nest.SettledAsync();
        Assert.Equal(before, await ForeignAsync(nest));
    }

    [Fact]
    public async Task A_missing_existing_router_is_shown_and_is_used_as_soon_as_it_exists()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync("/v1/routers/edge", Edge);
        await nest.NetworkAsync(spec: Network);
        await nest.VmAsync();
        await nest.SettledAsync();
        const string Missing = "There is no logical router edge that another system created.";
        Assert.Equal([Missing, Missing], await RejectionsAsync(nest));

        // The network works without its router.
        await nest.PortBecomesAsync("dmz-vm5", "enabled", "true");
        Assert.Empty(await RouterPortsAsync(nest));

        await CreateAsync(nest, "edge");
        await Eventually.Becomes("the port is added", () => RouterPortsAsync(nest), ports => ports is ["edge-dmz"]);
        await Eventually.Becomes("the rejections are gone", () => RejectionsAsync(nest), texts => texts is [null, null]);
    }

    [Fact]
    public async Task A_second_router_of_the_name_is_shown_and_does_not_disconnect_the_network()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await CreateAsync(nest, "edge");
        await nest.Api.PutSpecAsync("/v1/routers/edge", Edge);
        await nest.NetworkAsync(spec: Network);
        await nest.SettledAsync();

        await CreateAsync(nest, "edge");
        await Eventually.Becomes(
            "both resources are rejected",
            () => RejectionsAsync(nest),
            texts => texts.All(text => text?.StartsWith("2 logical routers are named edge: ", StringComparison.Ordinal) == true)
        );
        Assert.Equal(["edge-dmz"], await RouterPortsAsync(nest));
    }

    [Fact]
    public async Task A_removed_existing_router_is_shown_without_a_full_comparison()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await CreateAsync(nest, "edge");
        await nest.Api.PutSpecAsync("/v1/routers/edge", Edge);
        await nest.NetworkAsync(spec: Network);
        await nest.SettledAsync();

        await nest.NbctlAsync("lr-del", "edge");
        await Eventually.Becomes("both resources are rejected", () => RejectionsAsync(nest), texts => texts.All(text => text is not null));
    }

    /// <summary>Creates a logical router, also if there is one of this name.</summary>
    private static Task<string> CreateAsync(ReconciledInstallation nest, string name) =>
        nest.NbctlAsync("create", "Logical_Router", $"name={name}");

    private static async Task<IReadOnlyList<string>> RouterPortsAsync(ReconciledInstallation nest)
    {
        var names = await nest.NbctlAsync("--bare", "--columns=name", "list", "Logical_Router_Port");
        return [.. names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    /// <summary>Returns the rejections of the router and of the network.</summary>
    private static async Task<string?[]> RejectionsAsync(ReconciledInstallation nest) =>
        await nest.ReadAsync(async db =>
            new[] { (await db.Routers.AsNoTracking().SingleAsync()).Rejection, (await db.Networks.AsNoTracking().SingleAsync()).Rejection }
        );

    /// <summary>Returns the rows of the other system as text.</summary>
    private static async Task<string> ForeignAsync(ReconciledInstallation nest) =>
        string.Concat(
            await nest.NbctlAsync("list", "Logical_Router"),
            await nest.NbctlAsync("list", "NAT"),
            await nest.NbctlAsync("list", "Logical_Router_Static_Route"),
            await nest.NbctlAsync("list", "Logical_Router_Port")
        );
}
