using System.Net;
using OvnNestApi.Tests.Harness;
using static OvnNestApi.Tests.Checks.CheckedLab;

namespace OvnNestApi.Tests.Checks;

/// <summary>From where a check can be made, and to which address.</summary>
public sealed class CheckTargetTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_target_is_the_gateway_an_address_or_the_address_of_a_VM_or_container()
    {
        var lab = await CreateAsync(api);
        var (vm, sibling) = (await IpAsync($"/v1/vms/{lab.Vm}"), await IpAsync($"/v1/vms/{lab.Vm}/containers/c52"));
        var other = await CreateAsync(api, """{"subnet":"10.9.0.0/24"}""");
        Assert.Equal("172.16.255.129", await AddressAsync("gateway"));
        Assert.Equal("192.0.2.7", await AddressAsync("192.0.2.7"));
        Assert.Equal(vm, await AddressAsync(lab.Vm));
        Assert.Equal(sibling, await AddressAsync("c52"));
        Assert.Equal(sibling, await AddressAsync($"{lab.Vm}/c52"));
        Assert.Equal(await IpAsync($"/v1/vms/{other.Vm}/containers/c52"), await AddressAsync($"{other.Vm}/c52"));

        // A container of the same VM hides a VM of the same name.
        await api.PutSpecAsync($"/v1/vms/{lab.Vm}/containers/{other.Vm}");
        Assert.Equal(await IpAsync($"/v1/vms/{lab.Vm}/containers/{other.Vm}"), await AddressAsync(other.Vm));

        async Task<string?> AddressAsync(string target) => Status((await lab.PingAsync(target)).Is(HttpStatusCode.Created), "address");

        async Task<string?> IpAsync(string path) => (await api.GetAsync(path)).Effective.GetProperty("ip").GetString();
    }

    [Fact]
    public async Task A_target_without_an_address_is_a_problem_of_the_field()
    {
        var lab = await CreateAsync(api, "{}");
        var refused = (await lab.PingAsync()).IsProblem("not-checkable", "#/target");
        Assert.Contains("has no gateway", refused.Detail, StringComparison.Ordinal);
        (await lab.PingAsync("c52")).IsProblem("not-checkable", "#/target");
    }

    [Fact]
    public async Task A_resource_without_a_namespace_on_a_host_cannot_be_checked()
    {
        var vm = await api.VmAsync();
        var refused = (await PingAsync($"/v1/vms/{vm}")).IsProblem("not-checkable");
        Assert.Equal($"VM {vm} has no host: set spec.host of the VM.", refused.Detail);

        var lab = await CreateAsync(api);
        await api.PutSpecAsync(lab.Container, """{"workload":"port"}""");
        Assert.Contains("workload port", (await lab.PingAsync()).IsProblem("not-checkable").Detail, StringComparison.Ordinal);
        await api.DeleteAsync(lab.Container);
        (await lab.PingAsync()).IsProblem("being-deleted");
    }

    [Fact]
    public async Task A_resource_that_does_not_exist_is_named()
    {
        var lab = await CreateAsync(api);
        Assert.Equal($"The container c59 of VM {lab.Vm} does not exist.", await DetailAsync($"/v1/vms/{lab.Vm}/containers/c59"));
        Assert.Equal("The VM no-such-vm does not exist.", await DetailAsync("/v1/vms/no-such-vm"));
        (await PingAsync("/v1/vms/No")).IsProblem("validation-failed");
        (await PingAsync($"/v1/vms/{lab.Vm}/containers/No")).IsProblem("validation-failed");
        (await api.GetAsync("/v1/vms/No/checks")).IsProblem("not-found");
        (await api.GetAsync($"/v1/vms/{lab.Vm}/containers/No/checks")).IsProblem("not-found");

        async Task<string?> DetailAsync(string path)
        {
            var refused = (await PingAsync(path)).IsProblem("not-found");
            Assert.Equal(refused.Detail, (await api.GetAsync($"{path}/checks")).IsProblem("not-found").Detail);
            return refused.Detail;
        }
    }

    private Task<ApiResponse> PingAsync(string path) => api.PostAsync($"{path}/checks", """{"kind":"ping","target":"10.0.0.1"}""");
}
