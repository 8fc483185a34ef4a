using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>An error names only fields that the request's body can have.</summary>
public sealed class PointerTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_subnet_that_is_too_small_for_the_ports_of_a_network_is_an_error_of_the_subnet()
    {
        var network = await api.NetworkAsync("{}");
        for (var i = 0; i < 3; i++)
        {
            await api.VmAsync(network);
        }

        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.7.0.0/30"}}""")).IsProblem(
            "addresses-exhausted",
            "#/spec/subnet"
        );
    }

    [Fact]
    public async Task A_gateway_address_that_a_port_has_is_an_error_of_the_gateway()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.7.0.0/24"}""");
        var vm = api.NewName("vm");
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","ip":"10.7.0.9"}}""")).Is(HttpStatusCode.Created);
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.7.0.0/24","gateway":"10.7.0.9"}}""")).IsProblem(
            "address-taken",
            "#/spec/gateway"
        );
    }

    [Fact]
    public async Task More_tags_than_the_ranges_have_are_an_error_of_the_count()
    {
        var vm = await VmWithTwoTagsAsync();
        var answer = await api.PostAsync($"/v1/vms/{vm}/vlan-leases", """{"spec":{"owner":"web","count":3}}""");
        answer.IsProblem("vlan-tags-exhausted", "#/spec/count");
        Assert.Equal(answer.Json.GetProperty("detail").GetString(), answer.Json.GetProperty("errors")[0].GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_lease_request_without_a_count_names_no_field_when_no_tag_is_free()
    {
        var vm = await VmWithTwoTagsAsync();
        (await api.PostAsync($"/v1/vms/{vm}/vlan-leases", """{"spec":{"owner":"web","count":2}}""")).Is(HttpStatusCode.Created);
        var answer = await api.PostAsync($"/v1/vms/{vm}/vlan-leases", """{"spec":{"owner":"db"}}""");
        Assert.Empty(answer.IsProblem("vlan-tags-exhausted").Pointers);
    }

    [Fact]
    public async Task A_taken_tag_in_the_URL_is_not_an_error_of_the_body()
    {
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/vlan-leases/10", """{"spec":{"owner":"web"}}""")).Is(HttpStatusCode.Created);
        var answer = await api.PutAsync($"/v1/vms/{vm}/vlan-leases/10", """{"spec":{"owner":"db"}}""");
        Assert.Empty(answer.IsProblem("vlan-tag-taken").Pointers);
    }

    private async Task<string> VmWithTwoTagsAsync()
    {
        var (network, vm) = (await api.NetworkAsync(), api.NewName("vm"));
        var spec = $$"""{"network":"{{network}}","vlanRanges":"100-101"}""";
        (await api.PutAsync($"/v1/vms/{vm}", $$"""{"spec":{{spec}}}""")).Is(HttpStatusCode.Created);
        return vm;
    }
}
