using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Where an object is: its name, and for what lives in a VM the VM's.</summary>
internal readonly record struct ResourcePath(string? Vm, string Name)
{
    /// <summary>From the route; a problem (404) if one of the names can be none.</summary>
    /// <param name="name">The name, where the route has none: that of a POST's body.</param>
    public static Answer<ResourcePath> Of(HttpContext context, string kind, string? name = null)
    {
        var vm = context.GetRouteValue("vm") as string;
        name ??= context.GetRouteValue("name") as string ?? "";
        if (vm is not null && !ResourceName.IsValid(vm))
        {
            return Problem.NotFound("vm", vm);
        }

        return ResourceName.IsValid(name) ? new ResourcePath(vm, name) : Problem.NotFound(kind, name);
    }
}
