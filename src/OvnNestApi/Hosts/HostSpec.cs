using OvnNestApi.Http;
using OvnNestApi.Resources;

namespace OvnNestApi.Hosts;

/// <summary>A host in a request.</summary>
public sealed record HostBody : ResourceBody<HostSpec>;

/// <summary>Requested state of a host: a machine that runs VMs and an agent.</summary>
public sealed record HostSpec
{
    /// <summary>Name of the OVN chassis. Default: the <c>system-id</c> that the agent reports.</summary>
    /// <example>ubuntu2</example>
    [Pattern(@"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$", "1 to 255 letters, digits, dots, colons, dashes and underscores are expected")]
    public string? Chassis { get; init; }

    /// <summary>Name of the OVN integration bridge on the host. Default: <c>br-int</c>.</summary>
    /// <example>br-int</example>
    [DeviceName]
    public string? IntegrationBridge { get; init; }
}
