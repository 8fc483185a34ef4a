using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>A problem points at a field that the request's own body has.</summary>
public sealed class MovedVmTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_VM_that_moves_with_its_containers_points_at_its_network()
    {
        var vm = await api.VmAsync(await api.NetworkAsync());
        (await api.PutAsync($"/v1/vms/{vm}/containers/c1", """{"spec":{"ip":"10.7.0.77"}}""")).Is(HttpStatusCode.Created);
        var other = await api.NetworkAsync("""{"subnet":"10.9.0.0/24"}""");
        var refused = await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{other}}}"}}""");
        refused.IsProblem("validation-failed", "#/spec/network");
    }
}
