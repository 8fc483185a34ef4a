using OvnNestApi.Allocation;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Addresses that ports allow besides their own, and generated MAC addresses.</summary>
public sealed class AllowedAddressTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task An_allowed_address_is_not_chosen_for_another_port_but_can_be_requested()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/29"}""");
        await PutAsync("a", network, """ "ip":"10.0.0.6","allowedAddresses":["10.0.0.1","02:00:5e:00:00:01 10.0.0.2","10.0.0.4/30"] """);
        Assert.Equal(
            ["10.0.0.3", "10.0.0.4", "10.0.0.5"],
            [await PutAsync("b", network), await PutAsync("c", network), await PutAsync("d", network)]
        );
        (await api.PutAsync($"/v1/vms/{network}-e", $$$"""{"spec":{"network":"{{{network}}}"}}""")).IsProblem("addresses-exhausted");
        Assert.Equal("10.0.0.1", await PutAsync("e", network, """ "ip":"10.0.0.1" """));
    }

    [Fact]
    public async Task An_address_that_is_no_longer_allowed_is_chosen_again()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/30"}""");
        await PutAsync("a", network, """ "ip":"10.0.0.2","allowedAddresses":["10.0.0.1"] """);
        (await api.PutAsync($"/v1/vms/{network}-b", $$$"""{"spec":{"network":"{{{network}}}"}}""")).IsProblem("addresses-exhausted");
        await PutAsync("a", network, """ "ip":"10.0.0.2" """);
        Assert.Equal("10.0.0.1", await PutAsync("b", network));
    }

    [Fact]
    public async Task The_ports_of_one_manifest_do_not_get_the_addresses_that_they_allow()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/29"}""");
        var spec = $$"""{"network":"{{network}}","allowedAddresses":["10.0.0.1","10.0.0.3"]}""";
        var applied = await api.PostAsync(
            "/v1/manifests",
            $$"""
            {"items":[{"kind":"vm","name":"{{network}}-a","spec":{{spec}}},{"kind":"vm","name":"{{network}}-b","spec":{{spec}}}]}
            """
        );
        applied.IsSuccess();
        Assert.Equal(["10.0.0.2", "10.0.0.4"], [await IpAsync($"{network}-a"), await IpAsync($"{network}-b")]);
    }

    [Fact]
    public async Task An_address_that_a_port_allows_before_it_is_in_the_subnet_is_not_chosen_either()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/30"}""");
        await PutAsync("a", network, """ "ip":"10.0.0.1","allowedAddresses":["10.0.0.3"] """);
        await api.PutSpecAsync($"/v1/networks/{network}", """{"subnet":"10.0.0.0/29"}""");
        Assert.Equal(["10.0.0.2", "10.0.0.4"], [await PutAsync("b", network), await PutAsync("c", network)]);
    }

    [Fact]
    public async Task Generated_MAC_addresses_begin_with_the_configured_prefix()
    {
        await using var own = new TestApi(null, ("Addresses:MacPrefix", "AC:de:48"));
        await own.InitializeAsync();
        (await own.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var network = await own.PutAsync("/v1/networks/n", """{"spec":{"subnet":"10.0.0.0/24","router":"r"}}""");
        Assert.StartsWith("ac:de:48:", network.Effective.GetProperty("gatewayMac").GetString(), StringComparison.Ordinal);
        var vm = await own.PutAsync("/v1/vms/v", """{"spec":{"network":"n"}}""");
        Assert.StartsWith("ac:de:48:", vm.Effective.GetProperty("mac").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_generated_MAC_address_that_another_port_has_is_generated_again()
    {
        var name = await api.NetworkAsync("""{"subnet":"10.0.0.0/24"}""");
        var prefix = PortListing.Prefix("02:00:00:00:07");
        for (var i = 0; i < 100; i++)
        {
            await api.TransactAsync(async db =>
            {
                var network = db.Networks.Single(one => one.Name == name);
                var ip = i % 2 == 0 ? (Ipv4?)null : new Ipv4(0x0a000000U + 254 - (uint)i);
                Assert.Equal(
                    [null],
                    await AddressBook.AssignAsync(db, prefix, [new(PortListing.Port(network), network, ip, null)], default)
                );
            });
        }
    }

    [Theory]
    [InlineData("02", true)]
    [InlineData("00:16:3e", true)]
    [InlineData("02:00:00:00:07", true)]
    [InlineData("03", false)]
    [InlineData("00", false)]
    [InlineData("00:00:00:00:00", false)]
    [InlineData("", false)]
    [InlineData("2", false)]
    [InlineData("02:", false)]
    [InlineData("02-ac", false)]
    [InlineData("02:00:00:00:00:07", false)]
    [Trait("Kind", "pure")]
    public void A_MAC_prefix_is_unicast_and_leaves_octets_to_generate(string text, bool isValid) =>
        Assert.Equal(isValid, MacPrefix.TryParse(text, out _));

    private async Task<string> PutAsync(string name, string network, string fields = "")
    {
        var spec = $$"""{"network":"{{network}}"{{(fields.Length > 0 ? "," : "")}}{{fields}}}""";
        return (await api.PutSpecAsync($"/v1/vms/{network}-{name}", spec)).Effective.GetProperty("ip").GetString()!;
    }

    private async Task<string?> IpAsync(string vm) => (await api.GetAsync($"/v1/vms/{vm}")).Effective.GetProperty("ip").GetString();
}
