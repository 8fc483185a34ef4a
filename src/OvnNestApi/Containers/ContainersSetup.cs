using OvnNestApi.Http;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Containers;

/// <summary>Maps the containers of one VM, and the list of the containers of all VMs.</summary>
internal static class ContainersSetup
{
    public static void MapContainers(this IEndpointRouteBuilder api)
    {
        var containers = new ContainerKind();
        api.MapResource(containers);

        var all = new ResourceOperations<Container, ContainerSpec, ContainerBody, ContainerView>(containers);
        api.MapRead("/containers", all.ListAsync)
            .WithTags("Containers")
            .Takes([.. QueryParameters.OfLists, .. containers.FiltersOfAll])
            .Describe("list-all-containers", "List the containers of all VMs", "Returns a page of the containers, ordered by name.");
    }
}
