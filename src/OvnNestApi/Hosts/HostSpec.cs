using OvnNestApi.Http;
using OvnNestApi.Resources;

namespace OvnNestApi.Hosts;

/// <summary>A host as a client may send it.</summary>
public sealed record HostBody : ResourceBody<HostSpec>;

/// <summary>What can be asked of a host: a machine that runs VMs, with an agent.</summary>
public sealed record HostSpec
{
    /// <summary>OVN's name of the chassis. Default: the system-id that the host's agent reports.</summary>
    /// <example>ubuntu2</example>
    [Pattern(@"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$", "1 to 255 letters, digits, dots, colons, dashes and underscores are expected")]
    public string? Chassis { get; init; }

    /// <summary>OVN's bridge on the host. Default: br-int.</summary>
    /// <example>br-int</example>
    [DeviceName]
    public string? IntegrationBridge { get; init; }
}
