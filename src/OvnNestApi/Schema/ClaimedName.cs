using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// Name in OVN or on hosts that must be unique in the installation: of a port, a device or bridge, a namespace, or a switch.
/// </summary>
public sealed class ClaimedName
{
    /// <summary>Scope in which the name is unique.</summary>
    public required NameScope Scope { get; init; }

    /// <summary>The claimed name.</summary>
    public required string Name { get; init; }

    /// <summary>Id of the resource that has the name; a new incarnation takes over the names of its predecessor.</summary>
    public required Guid OwnerId { get; set; }
}

/// <summary>Scope in which a <see cref="ClaimedName"/> is unique.</summary>
public enum NameScope
{
    /// <summary>
    /// Names of logical switch ports and of logical router ports. Each are unique in the NB (ovn-nb(5)), and both together in the SB: a
    /// port binding has the name of its port (ovn-sb(5)).
    /// </summary>
    Port,

    /// <summary>Names of network devices: interfaces and bridges share one name space in the kernel.</summary>
    Device,

    /// <summary>Names of network namespaces.</summary>
    Namespace,

    /// <summary>Names of logical switches, which the NB does not require to be unique.</summary>
    Switch,
}

internal sealed class ClaimedNameMapping : IEntityTypeConfiguration<ClaimedName>
{
    public void Configure(EntityTypeBuilder<ClaimedName> name)
    {
        name.ToTable("claimed_names").HasKey(n => new { n.Scope, n.Name });
        name.HasIndex(n => n.OwnerId);
    }
}
