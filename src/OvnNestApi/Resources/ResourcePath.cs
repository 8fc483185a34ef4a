using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Name of a resource in a URL.</summary>
/// <param name="Vm">Name of the VM, for a container; null for other kinds.</param>
/// <param name="Name">Name of the resource.</param>
internal readonly record struct ResourcePath(string? Vm, string Name)
{
    /// <summary>Returns the path of the request, or 404 if one of the names is not valid.</summary>
    /// <param name="name">Name from the body of a POST; null to take the name from the URL.</param>
    public static Answer<ResourcePath> Of(HttpContext context, string kind, string? name = null)
    {
        var vm = context.GetRouteValue("vm") as string;
        name ??= context.GetRouteValue("name") as string ?? "";
        if (vm is not null && !ResourceName.IsValid(vm))
        {
            return Problem.NotFound("VM", vm);
        }

        return ResourceName.IsValid(name) ? new ResourcePath(vm, name) : Problem.NotFound(kind, name);
    }
}
