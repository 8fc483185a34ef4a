using System.Globalization;
using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Networks;

/// <summary>The packets of a container pass the device of its VM: its network must not have a larger MTU than that of the VM.</summary>
public sealed class ParentMtuTests : IAsyncLifetime
{
    private readonly TestApi _api = new();

    public async ValueTask InitializeAsync()
    {
        await _api.InitializeAsync();
        await NetworkAsync("small", 1400);
        await NetworkAsync("large", 1500);
        await _api.PutSpecAsync("/v1/vms/v", """{"network":"small"}""");
        await _api.PutSpecAsync("/v1/vms/w", """{"network":"large"}""");
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task A_container_cannot_join_a_network_with_a_larger_MTU_than_that_of_its_VM()
    {
        var refused = (await _api.PutAsync("/v1/vms/v/containers/c", """{"spec":{"network":"large"}}""")).IsProblem(
            "validation-failed",
            "#/spec/network"
        );
        Assert.Contains("network large has an MTU of 1500, larger than the 1400 of the VM's network small", refused.Text);
        (await _api.PutAsync("/v1/vms/v/containers/c", """{"spec":{"network":"small"}}""")).Is(HttpStatusCode.Created);
        (await _api.PutAsync("/v1/vms/w/containers/c", """{"spec":{"network":"small"}}""")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_MTU_of_a_network_can_change_only_together_with_those_that_it_must_fit()
    {
        await _api.PutSpecAsync("/v1/vms/w/containers/a", """{"network":"small"}""");
        await _api.PutSpecAsync("/v1/vms/w/containers/b", """{"network":"small"}""");

        var larger = (await _api.PutAsync("/v1/networks/small", Spec("small", 1501))).IsProblem("immutable", "#/spec/dhcp/mtu");
        Assert.Contains("a of VM w (1501 > 1500), b of VM w (1501 > 1500).", larger.Text.Replace("\\u003E", ">"));
        (await _api.PutAsync("/v1/networks/large", Spec("large", 1399))).IsProblem("immutable", "#/spec/dhcp/mtu");
        (await _api.PutAsync("/v1/networks/large", Spec("large", 1450))).Is(HttpStatusCode.OK);

        var both =
            $$"""{"items":[{"kind":"network","name":"small",{{Spec("small", 1600)[1..]}},"""
            + $$"""{"kind":"network","name":"large",{{Spec("large", 1600)[1..]}}]}""";
        (await _api.SendAsync(HttpMethod.Post, "/v1/manifests", both)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_VM_cannot_move_to_a_network_with_a_smaller_MTU_than_those_of_its_containers()
    {
        await _api.PutSpecAsync("/v1/vms/w/containers/a", """{"network":"large"}""");
        var refused = (await _api.PutAsync("/v1/vms/w", """{"spec":{"network":"small"}}""")).IsProblem("immutable", "#/spec/network");
        Assert.Contains("a of VM w (1500 > 1400)", refused.Text.Replace("\\u003E", ">"));

        await _api.PutSpecAsync("/v1/vms/w/containers/a"); // follows the VM
        (await _api.PutAsync("/v1/vms/w", """{"spec":{"network":"small"}}""")).Is(HttpStatusCode.OK);
    }

    private async Task NetworkAsync(string name, int mtu) => (await _api.PutAsync($"/v1/networks/{name}", Spec(name, mtu))).IsSuccess();

    private static string Spec(string name, int mtu) =>
        """{"spec":{"subnet":"10.N.0.0/24","dhcp":{"mtu":M}}}"""
            .Replace("N", name == "small" ? "1" : "2", StringComparison.Ordinal)
            .Replace("M", mtu.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
