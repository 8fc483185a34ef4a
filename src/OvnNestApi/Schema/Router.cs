using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>A logical router; it connects the networks that refer to it.</summary>
public sealed class Router : Resource
{
    /// <summary>
    /// Name of the logical router if it was not created by this service: then only our router ports are added and removed. Null if this
    /// service creates the logical router.
    /// </summary>
    public string? ExistingName { get; set; }

    /// <summary>UUID of the Logical_Router row; not used with an existing router.</summary>
    public Guid RouterUuid { get; set; } = Guid.NewGuid();

    /// <summary>True if an admin has requested to delete the rows together with what other clients have added to them.</summary>
    public bool DeletionForced { get; set; }
}

internal sealed class RouterMapping : IEntityTypeConfiguration<Router>
{
    public void Configure(EntityTypeBuilder<Router> router) => router.ToTable("routers").HasResource(unique: true);
}
