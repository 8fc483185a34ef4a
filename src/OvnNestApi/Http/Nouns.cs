using OvnNestApi.Containers;
using OvnNestApi.Hosts;
using OvnNestApi.Networks;
using OvnNestApi.Routers;
using OvnNestApi.Vms;

namespace OvnNestApi.Http;

/// <summary>The kinds of object that a client names.</summary>
internal static class Nouns
{
    public static void MapNouns(this IEndpointRouteBuilder api)
    {
        var containers = new ContainerKind();
        api.MapResource(new NetworkKind());
        api.MapResource(new RouterKind());
        api.MapResource(new HostKind());
        api.MapResource(new VmKind());
        api.MapResource(containers);

        var all = new ResourceOperations<Container, ContainerSpec, ContainerBody, ContainerView>(containers);
        api.MapRead("/containers", all.ListAsync)
            .WithTags("Containers")
            .Takes([.. QueryParameters.OfLists, .. containers.FiltersOfAll])
            .Describe("list-all-containers", "List the containers of all VMs", "A page of the containers, in the order of their names.");
    }
}
