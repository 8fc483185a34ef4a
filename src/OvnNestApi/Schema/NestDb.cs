using System.Net;
using System.Net.NetworkInformation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace OvnNestApi.Schema;

/// <summary>The only state of the service (PostgreSQL 15 or newer). The schema's history is in <c>migrations/</c>.</summary>
public sealed class NestDb(DbContextOptions<NestDb> options) : DbContext(options)
{
    /// <summary>Principal in whose name changes are logged.</summary>
    public Actor Actor { get; set; } = Actor.Reconciler;

    public DbSet<Network> Networks => Set<Network>();

    public DbSet<Router> Routers => Set<Router>();

    public DbSet<Host> Hosts => Set<Host>();

    public DbSet<HostStatus> HostStatus => Set<HostStatus>();

    public DbSet<HostCredential> HostCredentials => Set<HostCredential>();

    public DbSet<Enrolment> Enrolments => Set<Enrolment>();

    public DbSet<Vm> Vms => Set<Vm>();

    public DbSet<Container> Containers => Set<Container>();

    public DbSet<VlanLease> VlanLeases => Set<VlanLease>();

    public DbSet<TagTenure> VlanHistory => Set<TagTenure>();

    public DbSet<LeaseHold> LeaseHolds => Set<LeaseHold>();

    public DbSet<Address> Addresses => Set<Address>();

    public DbSet<ClaimedName> ClaimedNames => Set<ClaimedName>();

    public DbSet<Placement> Placements => Set<Placement>();

    public DbSet<Check> Checks => Set<Check>();

    public DbSet<Leftover> Leftovers => Set<Leftover>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<IdempotencyRecord> IdempotencyRecords => Set<IdempotencyRecord>();

    public DbSet<Change> Changes => Set<Change>();

    public DbSet<LeaderRow> Leader => Set<LeaderRow>();

    /// <summary>Hosts whose work this unit of work has changed. They are woken after the commit.</summary>
    internal HashSet<Guid> TouchedHosts { get; } = [];

    /// <summary>Transaction to which <see cref="TouchedHosts"/> belongs; null if none yet.</summary>
    internal Guid? TouchedIn { get; set; }

    /// <summary>Contexts are pooled: the next user of this one starts without the state of the present user.</summary>
    public override void Dispose()
    {
        Reset();
        base.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public override ValueTask DisposeAsync()
    {
        Reset();
        return base.DisposeAsync();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasSequence<long>("dirty_seq");
        modelBuilder.HasSequence<long>("change_seq");
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(NestDb).Assembly);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<Enum>().HaveConversion<string>();
        configurationBuilder.Properties<Ipv4>().HaveConversion<Ipv4Conversion>().HaveColumnType("inet");
        configurationBuilder.Properties<MacAddress>().HaveConversion<MacConversion>().HaveColumnType("macaddr");
        configurationBuilder.Properties<Cidr>().HaveConversion<CidrConversion>();
    }

    private void Reset()
    {
        Actor = Actor.Reconciler;
        TouchedHosts.Clear();
        TouchedIn = null;
    }

    private sealed class Ipv4Conversion() : ValueConverter<Ipv4, IPAddress>(ip => ip.ToIPAddress(), ip => Ipv4.From(ip));

    private sealed class MacConversion()
        : ValueConverter<MacAddress, PhysicalAddress>(mac => mac.ToPhysicalAddress(), mac => MacAddress.From(mac));

    private sealed class CidrConversion() : ValueConverter<Cidr, string>(cidr => cidr.ToString(), text => Parse(text));

    private static Cidr Parse(string text) =>
        Cidr.TryParse(text, out var cidr) ? cidr : throw new InvalidDataException($"The stored subnet {text} is not valid.");
}
