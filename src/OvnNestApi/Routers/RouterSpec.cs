using OvnNestApi.Http;
using OvnNestApi.Resources;

namespace OvnNestApi.Routers;

/// <summary>A router in a request.</summary>
public sealed record RouterBody : ResourceBody<RouterSpec>;

/// <summary>Requested state of a router. Networks refer to their router with <c>spec.router</c>.</summary>
public sealed record RouterSpec
{
    /// <summary>Logical router. It cannot be changed after the router has been created. Default: the service creates one.</summary>
    public LogicalRouterSpec? Router { get; init; }
}

/// <summary>Requested logical router.</summary>
public sealed record LogicalRouterSpec
{
    /// <summary>Name of the logical router, only with an existing one. Default: the name of the resource.</summary>
    /// <example>edge</example>
    [LogicalName]
    public string? Name { get; init; }

    /// <summary>
    /// True if another system created the logical router. The service then adds and removes only its own router ports; NAT, routes,
    /// gateways and policies remain with the other system. Default: false.
    /// </summary>
    public bool? Existing { get; init; }
}
