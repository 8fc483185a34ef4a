using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>VM or container in the URL of checks.</summary>
/// <param name="Vm">Name of the VM.</param>
/// <param name="Container">Name of the container; null for the VM itself.</param>
internal readonly record struct CheckPath(string Vm, string? Container)
{
    /// <summary>Path of the VM's or container's checks.</summary>
    public string Url => Container is null ? $"/v1/vms/{Vm}/checks" : $"/v1/vms/{Vm}/containers/{Container}/checks";

    /// <summary>404 that names the VM or container.</summary>
    public Problem NotFound =>
        (ResourceName.IsValid(Vm), Container) switch
        {
            (true, { } container) when ResourceName.IsValid(container) => Problem.NotFound(
                $"The container {container} of VM {Vm} does not exist."
            ),
            (true, { } container) => Problem.NotFound("container", container),
            _ => Problem.NotFound("VM", Vm),
        };

    /// <summary>400 if a name in the URL of a POST is not valid; else null.</summary>
    public Problem? Invalid =>
        (ResourceName.IsValid(Vm), Container is null || ResourceName.IsValid(Container)) switch
        {
            (false, _) => Problem.InvalidName("VM", pointer: null),
            (_, false) => Problem.InvalidName("container", pointer: null),
            _ => null,
        };

    /// <summary>Returns the path of the request.</summary>
    public static CheckPath Of(HttpContext context) =>
        new(context.GetRouteValue("vm") as string ?? "", context.GetRouteValue("name") as string);

    /// <summary>The VM or container as a text.</summary>
    public override string ToString() => Container is null ? Vm : $"{Vm}/{Container}";
}
