using OvnNestApi.Resources;

namespace OvnNestApi.Routers;

/// <summary>A router as a client may send it.</summary>
public sealed record RouterBody : ResourceBody<RouterSpec>;

/// <summary>A logical router joins the networks that name it; there is nothing else to ask of it yet.</summary>
public sealed record RouterSpec;
