using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>The pointer of a problem refers to the body of the request, although the problem concerns another resource.</summary>
public sealed class MovedVmTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_move_of_a_VM_that_a_container_prevents_is_refused_with_a_pointer_to_the_network_of_the_VM()
    {
        var vm = await api.VmAsync(await api.NetworkAsync());
        (await api.PutAsync($"/v1/vms/{vm}/containers/c1", """{"spec":{"ip":"10.7.0.77"}}""")).Is(HttpStatusCode.Created);
        var other = await api.NetworkAsync("""{"subnet":"10.9.0.0/24"}""");
        var refused = await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{other}}}"}}""");
        refused.IsProblem("validation-failed", "#/spec/network");
    }
}
