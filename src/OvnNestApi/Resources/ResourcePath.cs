using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Name of a resource in a URL.</summary>
/// <param name="Vm">Name of the VM, for a container; null for other kinds.</param>
/// <param name="Name">Name of the resource.</param>
internal readonly record struct ResourcePath(string? Vm, string Name)
{
    /// <summary>Returns the path of the request, or 404 if one of the names is not valid.</summary>
    public static Answer<ResourcePath> Of(HttpContext context, string kind)
    {
        var path = OfUrl(context);
        if (path.Vm is not null && !ResourceName.IsValid(path.Vm))
        {
            return Problem.NotFound("VM", path.Vm);
        }

        return ResourceName.IsValid(path.Name) ? path : Problem.NotFound(kind, path.Name);
    }

    /// <summary>Returns the path of a request that creates a resource, or 400 if one of the names is not valid.</summary>
    /// <param name="name">Name from the body of a POST; null to take the name from the URL.</param>
    public static Answer<ResourcePath> OfNew(HttpContext context, string kind, string? name = null)
    {
        var path = OfUrl(context);
        if (path.Vm is not null && !ResourceName.IsValid(path.Vm))
        {
            return Problem.InvalidName("VM", pointer: null);
        }

        path = path with { Name = name ?? path.Name };
        return ResourceName.IsValid(path.Name) ? path : Problem.InvalidName(kind, "#/name");
    }

    private static ResourcePath OfUrl(HttpContext context) =>
        new(context.GetRouteValue("vm") as string, context.GetRouteValue("name") as string ?? "");
}
