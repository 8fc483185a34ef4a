using System.Net;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>What other clients add to our switches, routers and router ports is not deleted with them unless an admin forces it.</summary>
public sealed class ForeignContentTests
{
    private const string Router = "/v1/routers/gw";
    private const string Network = "/v1/networks/dmz";

    [Fact]
    public async Task A_router_with_NAT_rules_and_routes_of_others_is_kept_until_they_are_removed()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync(Router);
        await nest.SettledAsync();
        await nest.NbctlAsync("lr-nat-add", "gw", "snat", "192.0.2.1", "10.0.0.0/8");
        await nest.NbctlAsync("lr-nat-add", "gw", "snat", "192.0.2.2", "11.0.0.0/8");
        await nest.NbctlAsync("lr-route-add", "gw", "0.0.0.0/0", "192.0.2.254");

        (await nest.Api.DeleteAsync(Router)).IsSuccess();
        await ShowsAsync(nest, Router, "Logical_Router gw carries 2 NAT rules and 1 static route that this service did not create.");
        Assert.Contains("192.0.2.1", await nest.NbctlAsync("lr-nat-list", "gw"), StringComparison.Ordinal);

        await nest.NbctlAsync("lr-nat-del", "gw");
        await ShowsAsync(nest, Router, "Logical_Router gw carries 1 static route");
        await nest.NbctlAsync("lr-route-del", "gw");
        await IsGoneAsync(nest, Router);
        Assert.Empty(await nest.NbctlAsync("lr-list"));
    }

    [Fact]
    public async Task A_switch_with_ACLs_of_others_is_kept_with_its_DHCP_options_until_they_are_removed()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var network = await nest.NetworkAsync();
        await nest.SettledAsync();
        await nest.NbctlAsync("acl-add", "dmz", "to-lport", "1000", "ip4", "drop");

        (await nest.Api.DeleteAsync(Network)).IsSuccess();
        await ShowsAsync(nest, Network, "Logical_Switch dmz carries 1 ACL that this service did not create.");
        Assert.Contains("drop", await nest.NbctlAsync("acl-list", "dmz"), StringComparison.Ordinal);
        Assert.Contains($"{network.DhcpUuid}", await nest.NbctlAsync("dhcp-options-list"), StringComparison.Ordinal);

        await nest.NbctlAsync("acl-del", "dmz");
        await IsGoneAsync(nest, Network);
        Assert.Empty(await nest.NbctlAsync("ls-list"));
        Assert.Empty(await nest.NbctlAsync("dhcp-options-list"));
    }

    [Fact]
    public async Task A_router_port_with_a_gateway_chassis_of_others_is_kept_with_its_router()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync(Router);
        await nest.NetworkAsync(spec: """{"subnet":"172.16.255.128/26","router":"gw"}""");
        await nest.SettledAsync();
        await nest.NbctlAsync("lrp-set-gateway-chassis", "gw-dmz", "chassis1");

        (await nest.Api.PutSpecAsync(Network, """{"subnet":"172.16.255.128/26"}""")).IsSuccess();
        const string carries = "Logical_Router_Port gw-dmz carries 1 gateway chassis that this service did not create.";
        var network = await Eventually.Becomes(
            "the network is rejected",
            () => nest.Api.GetAsync(Network),
            answer => IsRejected(answer, carries)
        );
        Assert.DoesNotContain("force", network.Text, StringComparison.Ordinal);

        (await nest.Api.DeleteAsync($"{Router}?cascade=true")).IsSuccess();
        await ShowsAsync(nest, Router, "Logical_Router gw carries 1 port that this service did not create.");
        Assert.Contains("chassis1", await nest.NbctlAsync("lrp-get-gateway-chassis", "gw-dmz"), StringComparison.Ordinal);

        await nest.NbctlAsync("lrp-del-gateway-chassis", "gw-dmz", "chassis1");
        await IsGoneAsync(nest, Router);
        Assert.Empty(await nest.NbctlAsync("lr-list"));
    }

    [Fact]
    public async Task A_removed_port_of_others_lets_a_deletion_finish_before_the_next_retry()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        await nest.SettledAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "theirs");
        (await nest.Api.DeleteAsync(Network)).IsSuccess();
        await ShowsAsync(nest, Network, "Logical_Switch dmz carries 1 port");
        await nest.ExecuteAsync($"UPDATE networks SET retry_at = now() + interval '1 hour'");

        await nest.NbctlAsync("lsp-del", "theirs");
        await IsGoneAsync(nest, Network);
    }

    [Fact]
    public async Task A_forced_deletion_deletes_what_others_have_added()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync(Router);
        await nest.NetworkAsync(spec: """{"subnet":"172.16.255.128/26","router":"gw"}""");
        await nest.SettledAsync();
        await nest.NbctlAsync("lrp-set-gateway-chassis", "gw-dmz", "chassis1");
        await nest.NbctlAsync("acl-add", "dmz", "to-lport", "1000", "ip4", "drop");
        await nest.NbctlAsync("lsp-add", "dmz", "theirs");
        await nest.NbctlAsync("lr-route-add", "gw", "0.0.0.0/0", "192.0.2.254");

        (await nest.Api.DeleteAsync(Network)).IsSuccess();
        await ShowsAsync(nest, Network, "Logical_Switch dmz carries 1 port and 1 ACL that this service did not create.");
        var editor = ("Authorization", $"Bearer {await nest.Api.KeyAsync(Role.Editor)}");
        (await nest.Api.DeleteAsync($"{Network}?force=true", editor)).IsProblem("forbidden");

        (await nest.Api.DeleteAsync($"{Network}?force=true")).IsSuccess();
        await IsGoneAsync(nest, Network);
        Assert.Empty(await nest.NbctlAsync("ls-list"));
        (await nest.Api.DeleteAsync($"{Router}?force=true")).IsSuccess();
        await IsGoneAsync(nest, Router);
        Assert.Empty(await nest.NbctlAsync("lr-list"));
    }

    private static async Task ShowsAsync(ReconciledInstallation nest, string path, string text) =>
        await Eventually.Becomes(
            $"{path} shows: {text}",
            async () => (await nest.Api.GetAsync(path)).Json.GetProperty("status").GetProperty("message").GetString(),
            message => message!.Contains(text, StringComparison.Ordinal)
        );

    private static bool IsRejected(ApiResponse answer, string text)
    {
        var status = answer.Json.GetProperty("status");
        return status.GetProperty("reason").GetString() == "Rejected"
            && status.GetProperty("message").GetString()!.Contains(text, StringComparison.Ordinal);
    }

    private static Task<ApiResponse> IsGoneAsync(ReconciledInstallation nest, string path) =>
        Eventually.Becomes($"{path} is gone", () => nest.Api.GetAsync(path), answer => answer.Status == HttpStatusCode.NotFound);
}
