using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A name that must be unique in the installation beyond the object's own: of a port in the NB, of a device or bridge, of a namespace.</summary>
public sealed class ClaimedName
{
    /// <summary>Where it must be unique.</summary>
    public required NameScope Scope { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The object that has it; a new incarnation takes its predecessor's over.</summary>
    public required Guid OwnerId { get; set; }
}

/// <summary>The scopes of <see cref="ClaimedName"/>.</summary>
public enum NameScope
{
    /// <summary>Logical_Switch_Port names, unique in the NB (ovn-nb(5)).</summary>
    Port,

    /// <summary>Network devices: interfaces and bridges share the kernel's one name space.</summary>
    Device,

    /// <summary>Network namespaces.</summary>
    Namespace,

    /// <summary>Logical switches and routers, which the NB itself does not keep unique.</summary>
    Switch,
}

internal sealed class ClaimedNameMapping : IEntityTypeConfiguration<ClaimedName>
{
    public void Configure(EntityTypeBuilder<ClaimedName> name)
    {
        name.ToTable("claimed_names").HasKey(n => new { n.Scope, n.Name });
        name.Property(n => n.Scope).HasConversion<string>();
        name.HasIndex(n => n.OwnerId);
    }
}
