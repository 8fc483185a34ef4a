using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>
/// The MAC and IPv4 address of a VM or container in a network, an address of a port that others have on the network's switch, or an IPv4
/// address that one of them had before. The unique indexes on (network, address) guarantee that no two ports of a network share an address.
/// An address that was never used has no row, unless a port allows it (<see cref="LogicalPort.AllowedAddresses"/>).
/// </summary>
public sealed class Address
{
    /// <summary>
    /// Id of the VM or container; a new incarnation takes over the row of its predecessor. Null if the address is free again, or if others
    /// have it.
    /// </summary>
    public required Guid? OwnerId { get; set; }

    /// <summary>Id of the network.</summary>
    public required Guid NetworkId { get; set; }

    /// <summary>
    /// MAC address; null if the address is free again, or if others have it together with the MAC address of another row.
    /// </summary>
    public required MacAddress? Mac { get; set; }

    /// <summary>IPv4 address; null if the network has no subnet, or for a MAC address that others have.</summary>
    public Ipv4? Ip { get; set; }

    /// <summary>
    /// Time when the address became free; the address that has been free longest is reused first. Null while a port has it.
    /// </summary>
    public DateTimeOffset? FreedAt { get; set; }

    /// <summary>UUID of the NB row of a port that this service did not create and that has the address; null if there is none.</summary>
    public Guid? ForeignPort { get; set; }

    /// <summary>Name of that port; null if there is none.</summary>
    public string? ForeignName { get; set; }
}

/// <summary>
/// Where the search for a never-used address of a network starts: every allocatable address below has a row in <see cref="Address"/>.
/// </summary>
/// <remarks>
/// A separate table, so that a transaction that allocates an address does not block transactions that lock the row of the network.
/// </remarks>
public sealed class NextAddress
{
    /// <summary>Id of the network.</summary>
    public required Guid NetworkId { get; init; }

    /// <summary>First address to try; greater than the last address of the subnet if all were used.</summary>
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
        address.HasIndex(a => a.ForeignPort).HasFilter("foreign_port IS NOT NULL").HasDatabaseName("ix_addresses_foreign");
        address.HasOne<Network>().WithMany().HasForeignKey(a => a.NetworkId).OnDelete(DeleteBehavior.Cascade);
    }
}
