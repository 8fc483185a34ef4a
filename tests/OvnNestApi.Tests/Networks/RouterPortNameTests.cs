using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Networks;

/// <summary>
/// Names of the two ports that connect a network to its router. They are composed of two names, and the port bindings of both have one
/// name space.
/// </summary>
public sealed class RouterPortNameTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("a-b", "c", "a", "b-c")] // logical router port a-b-c
    [InlineData("f", "d-e", "e-f", "d")] // logical switch port d-e-f
    [InlineData("g-h", "i", "i-g", "h")] // logical switch port i-g-h and logical router port i-g-h
    public async Task Two_pairs_of_router_and_network_with_equal_composed_names_get_different_names(
        string router,
        string network,
        string otherRouter,
        string otherNetwork
    )
    {
        var first = await ConnectAsync(network, router);
        var second = await ConnectAsync(otherNetwork, otherRouter);

        Assert.Equal(($"{router}-{network}", $"{network}-{router}"), first);
        Assert.Matches($"^{otherRouter}-{otherNetwork}(-[0-9a-f]{{6}})?$", second.Router);
        Assert.Matches($"^{otherNetwork}-{otherRouter}(-[0-9a-f]{{6}})?$", second.Switch);
        Assert.Equal(4, new[] { first.Router, first.Switch, second.Router, second.Switch }.Distinct().Count());
    }

    [Fact]
    public async Task A_network_and_a_router_of_one_name_get_two_names()
    {
        var (router, ofSwitch) = await ConnectAsync("same", "same");
        Assert.Equal("same-same", ofSwitch);
        Assert.Matches("^same-same-[0-9a-f]{6}$", router);
    }

    [Fact]
    public async Task Names_are_chosen_once_and_chosen_again_for_another_router()
    {
        await ConnectAsync("q", "o-p");
        var chosen = await ConnectAsync("p-q", "o");
        Assert.Matches("^o-p-q-[0-9a-f]{6}$", chosen.Router);
        Assert.Equal(("s-q", "q-s"), await ConnectAsync("q", "s")); // o-p-q is free now

        Assert.Equal(chosen, await ConnectAsync("p-q", "o", ""","dhcp":{"mtu":1400}"""));
        Assert.Equal(("t-p-q", "p-q-t"), await ConnectAsync("p-q", "t"));
        Assert.Equal(("o-p-q", "p-q-o"), await ConnectAsync("p-q", "o"));

        await api.PutSpecAsync("/v1/networks/p-q", """{"subnet":"10.1.0.0/24"}""");
        Assert.Equal((null, null), await NamesAsync("p-q"));
        Assert.Equal(("o-p-q", "q-o-p"), await ConnectAsync("q", "o-p"));
    }

    [Fact]
    public async Task A_port_cannot_have_the_name_of_a_router_port()
    {
        await ConnectAsync("m", "l");
        (await api.PutAsync("/v1/vms/u", """{"spec":{"network":"m","portName":"l-m"}}""")).IsProblem("name-taken", "#/spec/portName");
        (await api.PutAsync("/v1/vms/u", """{"spec":{"network":"m","portName":"m-l"}}""")).IsProblem("name-taken", "#/spec/portName");
        var vm = (await api.PutAsync("/v1/vms/l", """{"spec":{"network":"m"}}""")).IsSuccess();
        Assert.Matches("^m-l-[0-9a-f]{6}$", vm.Effective.GetProperty("portName").GetString());
    }

    private async Task<(string? Router, string? Switch)> ConnectAsync(string network, string router, string more = "")
    {
        await api.PutSpecAsync($"/v1/routers/{router}");
        await api.PutSpecAsync($"/v1/networks/{network}", $$$"""{"subnet":"{{{Subnet(network)}}}","router":"{{{router}}}"{{{more}}}}""");
        return await NamesAsync(network);
    }

    // The subnets of one router must not overlap.
    private static string Subnet(string network) => network == "p-q" ? "10.1.0.0/24" : "10.2.0.0/24";

    private async Task<(string?, string?)> NamesAsync(string network)
    {
        var effective = (await api.GetAsync($"/v1/networks/{network}")).Effective;
        string? Text(string field) => effective.TryGetProperty(field, out var value) ? value.GetString() : null;
        return (Text("routerPort"), Text("routerSwitchPort"));
    }
}
