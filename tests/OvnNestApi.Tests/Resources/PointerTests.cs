using System.Net;
using OvnNestApi.Tests.Http;

namespace OvnNestApi.Tests.Resources;

/// <summary>A problem points at a field that the request's own body has.</summary>
public sealed class PointerTests(Api api) : IClassFixture<Api>
{
    [Fact]
    public async Task A_subnet_that_is_too_small_for_the_ports_of_its_network_is_the_networks_fault()
    {
        var network = await api.NetworkAsync("{}");
        await api.VmAsync(network);
        await api.VmAsync(network);
        await api.VmAsync(network);
        var refused = await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.8.0.0/30"}}""");
        refused.Is(HttpStatusCode.Conflict).IsProblem("addresses-exhausted", "#/spec/subnet");
    }

    [Fact]
    public async Task A_VM_that_moves_with_its_containers_points_at_its_network()
    {
        var vm = await api.VmAsync(await api.NetworkAsync());
        (await api.PutAsync($"/v1/vms/{vm}/containers/c1", """{"spec":{"ip":"10.7.0.77"}}""")).Is(HttpStatusCode.Created);
        var other = await api.NetworkAsync("""{"subnet":"10.9.0.0/24"}""");
        var refused = await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{other}}}"}}""");
        refused.IsProblem("validation-failed", "#/spec/network");
    }

    [Fact]
    public async Task More_tags_than_are_free_are_a_fault_of_the_count()
    {
        var vm = api.NewName("vm");
        var network = await api.NetworkAsync();
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","vlanRanges":"2-3"}}""")).Is(HttpStatusCode.Created);
        var refused = await api.PostAsync($"/v1/vms/{vm}/vlan-leases", """{"spec":{"owner":"web","count":3}}""");
        refused.Is(HttpStatusCode.Conflict).IsProblem("vlan-tags-exhausted", "#/spec/count");
    }

    [Fact]
    public async Task A_problem_with_the_tag_in_the_URL_points_at_no_field()
    {
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/c1", """{"spec":{"vlan":7}}""")).Is(HttpStatusCode.Created);
        var refused = await api.PutAsync($"/v1/vms/{vm}/vlan-leases/7", """{"spec":{"owner":"web"}}""");
        Assert.Empty(refused.Is(HttpStatusCode.Conflict).IsProblem("vlan-tag-taken").Pointers);
    }
}
