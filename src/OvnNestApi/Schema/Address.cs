using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// The MAC and IPv4 address that a VM or container has in a network, or an IPv4 address that one had: whatever a row stands for, the unique index on
/// (network, address) is the promise that nobody else has it. Addresses never used have no rows.
/// </summary>
public sealed class Address
{
    /// <summary>The VM or container; a new incarnation takes its predecessor's row over. Null: nobody has the address any more.</summary>
    public required Guid? OwnerId { get; set; }

    /// <summary>The network.</summary>
    public required Guid NetworkId { get; set; }

    /// <summary>The MAC address; null when nobody has the address any more.</summary>
    public required MacAddress? Mac { get; set; }

    /// <summary>The IPv4 address; null when the network has no subnet.</summary>
    public Ipv4? Ip { get; set; }

    /// <summary>Since when nobody has the address: the one that was freed first is given first. Null while somebody has it.</summary>
    public DateTimeOffset? FreedAt { get; set; }
}

/// <summary>The lowest address of a network that may never have been used: all that can be given below it have a row in <see cref="Address"/>.</summary>
/// <remarks>A row of its own: who shares a lock on the network's row does not wait for who draws an address.</remarks>
public sealed class NextAddress
{
    /// <summary>The network.</summary>
    public required Guid NetworkId { get; init; }

    /// <summary>The first address to try; past the subnet's last one when all were used.</summary>
    public required Ipv4 Ip { get; set; }
}

internal sealed class AddressMapping : IEntityTypeConfiguration<Address>, IEntityTypeConfiguration<NextAddress>
{
    public void Configure(EntityTypeBuilder<NextAddress> next)
    {
        next.ToTable("next_addresses").HasKey(n => n.NetworkId);
        next.HasOne<Network>().WithOne().HasForeignKey<NextAddress>(n => n.NetworkId).OnDelete(DeleteBehavior.Cascade);
    }

    public void Configure(EntityTypeBuilder<Address> address)
    {
        address.ToTable("addresses");
        address.Property<long>("Id").UseIdentityAlwaysColumn();
        address.HasKey("Id");
        address.HasIndex(a => a.OwnerId).IsUnique().HasDatabaseName("ux_addresses_owner");
        address.HasIndex(a => new { a.NetworkId, a.Ip }).IsUnique().HasDatabaseName("ux_addresses_ip");
        address.HasIndex(a => new { a.NetworkId, a.Mac }).IsUnique().HasDatabaseName("ux_addresses_mac");
        address
            .HasIndex(a => new
            {
                a.NetworkId,
                a.FreedAt,
                a.Ip,
            })
            .HasFilter("freed_at IS NOT NULL")
            .HasDatabaseName("ix_addresses_freed");
        address.HasOne<Network>().WithMany().HasForeignKey(a => a.NetworkId).OnDelete(DeleteBehavior.Cascade);
    }
}
