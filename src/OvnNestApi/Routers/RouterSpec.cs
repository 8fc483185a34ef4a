using OvnNestApi.Resources;

namespace OvnNestApi.Routers;

/// <summary>A router in a request.</summary>
public sealed record RouterBody : ResourceBody<RouterSpec>;

/// <summary>Requested state of a router: it has no fields. Networks refer to their router with <c>spec.router</c>.</summary>
public sealed record RouterSpec;
