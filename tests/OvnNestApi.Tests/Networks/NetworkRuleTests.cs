using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Networks;

/// <summary>Rules for the fields of networks.</summary>
public sealed class NetworkRuleTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("""{"gateway":"10.0.0.1"}""", "#/spec/gateway")]
    [InlineData("""{"router":"r"}""", "#/spec/router")]
    [InlineData("""{"subnet":"10.1.0.7/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.1/16"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/4"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"0.1.0.0/16"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"127.0.0.0/8"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"169.254.1.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"224.0.0.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"255.255.255.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/31"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/32","router":"r"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/31","router":"r","gateway":"10.0.0.0","dhcp":{"enabled":false}}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","gatewayMac":"01:00:5e:00:00:01"}""", "#/spec/gatewayMac")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"10.0.1.1"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"10.0.0.255"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"unknown"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","router":"r","gateway":"none"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","reserved":["10.0.0.5","10.0.1.5"]}""", "#/spec/reserved/1")]
    [InlineData("""{"subnet":"10.0.0.0/24","reserved":["10.0.0.5-10.0.0.4"]}""", "#/spec/reserved/0")]
    [InlineData("""{"dhcp":{"enabled":true}}""", "#/spec/dhcp/enabled")]
    [InlineData("""{"dhcp":{"leaseTime":0}}""", "#/spec/dhcp/leaseTime")]
    [InlineData("""{"dhcp":{"dnsServers":["1.1.1.1","dns"]}}""", "#/spec/dhcp/dnsServers/1")]
    [InlineData("""{"dhcp":{"domainName":"-"}}""", "#/spec/dhcp/domainName")]
    [InlineData("""{"dhcp":{"mtu":70000}}""", "#/spec/dhcp/mtu")]
    [InlineData("""{"dhcp":{"optionsId":"01900000-0000-7000-8000-000000000000"}}""", "#/spec/dhcp/optionsId")]
    [InlineData("""{"switch":{"existing":true}}""", "#/spec/switch/name")]
    [InlineData("""{"switch":{"name":"a b"}}""", "#/spec/switch/name")]
    public async Task An_invalid_network_is_refused(string spec, string pointer)
    {
        (await api.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/networks/invalid", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task The_router_of_a_slash_31_has_the_last_address()
    {
        (await api.PutAsync("/v1/routers/pair", "{}")).IsSuccess();
        var network = await api.PutAsync(
            "/v1/networks/pair",
            """{"spec":{"subnet":"10.41.0.0/31","router":"pair","dhcp":{"enabled":false}}}"""
        );
        Assert.Equal(
            "10.41.0.1",
            network.Is(HttpStatusCode.Created).Json.GetProperty("status").GetProperty("effective").GetProperty("gateway").GetString()
        );
        (await api.PutAsync("/v1/vms/pair", """{"spec":{"network":"pair"}}""")).Is(HttpStatusCode.Created);
        (await api.PutAsync("/v1/vms/third", """{"spec":{"network":"pair"}}""")).IsProblem("addresses-exhausted", "#/spec/ip");
    }

    [Fact]
    public async Task Networks_with_overlapping_subnets_cannot_join_one_router()
    {
        (await api.PutAsync("/v1/routers/narrow", "{}")).IsSuccess();
        (await api.PutAsync("/v1/networks/wide", """{"spec":{"subnet":"10.40.0.0/16","router":"narrow"}}""")).Is(HttpStatusCode.Created);
        var refused = (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24","router":"narrow"}}""")).IsProblem(
            "address-taken",
            "#/spec/subnet"
        );
        Assert.Contains("10.40.7.0/24 overlaps 10.40.0.0/16 of network wide", refused.Text, StringComparison.Ordinal);
        (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24"}}""")).Is(HttpStatusCode.Created);
        (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24","router":"narrow"}}""")).IsProblem(
            "address-taken",
            "#/spec/subnet"
        );
        (await api.PutAsync("/v1/networks/wide", """{"spec":{"subnet":"10.40.0.0/16","router":"narrow","dhcp":{"mtu":1400}}}""")).Is(
            HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task Networks_that_join_a_router_concurrently_do_not_overlap()
    {
        (await api.PutAsync("/v1/routers/busy", "{}")).IsSuccess();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i => api.PutAsync($"/v1/networks/busy-{i}", """{"spec":{"subnet":"10.41.0.0/24","router":"busy"}}"""))
        );
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_network_has_the_documented_defaults()
    {
        (await api.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var bare = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("{}")}");
        Assert.False(
            bare.Effective.TryGetProperty("subnet", out _)
                || bare.Effective.TryGetProperty("gateway", out _)
                || bare.Effective.TryGetProperty("gatewayMac", out _)
        );
        Assert.False(bare.Effective.GetProperty("dhcp").GetProperty("enabled").GetBoolean());
        var routed = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("""{"subnet":"10.9.0.0/24","router":"r"}""")}");
        Assert.Equal("10.9.0.1", routed.Effective.GetProperty("gateway").GetString());
        Assert.StartsWith("02:", routed.Effective.GetProperty("gatewayMac").GetString(), StringComparison.Ordinal);
        Assert.True(routed.Effective.GetProperty("dhcp").GetProperty("enabled").GetBoolean());
        Assert.Equal(
            (3600, 1442),
            (routed.Effective.GetProperty("dhcp").GetProperty("leaseTime").GetInt32(), routed.Effective.GetProperty("mtu").GetInt32())
        );
        var alone = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("""{"subnet":"10.9.0.0/24"}""")}");
        Assert.False(alone.Effective.TryGetProperty("gateway", out _));
    }

    [Fact]
    public async Task A_subnet_can_grow_but_must_contain_every_address_in_use()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.3.1.0/24"}""");
        var vm = await api.VmAsync(network);
        var ip = (await api.GetAsync($"/v1/vms/{vm}")).Effective.GetProperty("ip").GetString();
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.3.0.0/16"}}""")).Is(HttpStatusCode.OK);
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.4.0.0/16"}}""")).IsProblem("immutable", "#/spec/subnet");
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{}}""")).IsProblem("immutable", "#/spec/subnet");
        (await api.PutAsync($"/v1/networks/{network}", $$$"""{"spec":{"subnet":"10.3.0.0/16","gateway":"{{{ip}}}"}}""")).IsProblem(
            "address-taken",
            "#/spec/gateway"
        );
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.3.0.0/16","switch":{"name":"other"}}}""")).IsProblem(
            "immutable",
            "#/spec/switch"
        );
    }

    [Fact]
    public async Task The_ports_of_a_network_get_addresses_when_it_gets_a_subnet()
    {
        var network = await api.NetworkAsync("{}");
        var vm = await api.VmAsync(network);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        Assert.Equal("none", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("addressing").GetString());
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.5.0.0/24"}}""")).Is(HttpStatusCode.OK);
        var after = (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective;
        Assert.StartsWith("10.5.0.", after.GetProperty("ip").GetString(), StringComparison.Ordinal);
        Assert.Equal("dhcp", after.GetProperty("addressing").GetString());
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.5.0.0/24","dhcp":{"enabled":false}}}""")).Is(
            HttpStatusCode.OK
        );
        Assert.Equal("static", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("addressing").GetString());
    }
}
