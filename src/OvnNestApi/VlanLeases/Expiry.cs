using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;

namespace OvnNestApi.VlanLeases;

/// <summary>What time alone ends, by the database's clock: whoever looks finds it ended, whether or not anybody has swept.</summary>
internal static class Expiry
{
    /// <summary>Rows to be freed, <see cref="Free"/> and <see cref="FreeOfVmAsync"/>.</summary>
    private static readonly string FreeThese = """
        freed AS (DELETE FROM vlan_leases l USING over WHERE l.id = over.id RETURNING l.id, l.expires_at)
        UPDATE vlan_history h SET until = f.expires_at FROM freed f WHERE h.until IS NULL AND h.lease_id = f.id
        """;

    /// <summary>Frees what is over, but for what another process has in hand. A reservation's tenure ended with its time, whenever that is noticed.</summary>
    public static string Free { get; } = $"""
        WITH over AS (SELECT l.id FROM vlan_leases l WHERE {IsOver("l")} LIMIT 1000 FOR UPDATE SKIP LOCKED),
        {FreeThese}
        """;

    private static readonly string FreeOfVm = $"""
        WITH over AS (SELECT l.id FROM vlan_leases l WHERE l.vm_id = @vm AND {IsOver("l")} FOR UPDATE),
        {FreeThese}
        """;

    private static readonly string Standing = $"SELECT * FROM vlan_leases l WHERE {Stands("l")}";

    /// <summary>A row that stands for nothing any more: cooled and going back to nobody, or reserved and expired.</summary>
    public static string IsOver(string lease) => $"""
        (({lease}.state = 'Cooling' AND {lease}.cool_until <= now() AND ({lease}.owner IS NULL OR {lease}.expires_at <= now()))
         OR ({lease}.state = 'Reserved' AND {lease}.expires_at <= now()))
        """;

    /// <summary>The contrary. (What never expires has no time to compare with: unknown, which is not true either.)</summary>
    public static string Stands(string lease) => $"{IsOver(lease)} IS NOT TRUE";

    /// <summary>The leases that are not over.</summary>
    public static IQueryable<VlanLease> Leases(NestDb db) => db.VlanLeases.FromSqlRaw(Standing);

    /// <summary>Frees what is over of one VM. The caller holds the VM's row lock.</summary>
    public static Task FreeOfVmAsync(NestDb db, Guid vm, CancellationToken cancellationToken) => db.ExecuteAsync(FreeOfVm, cancellationToken, ("vm", vm));
}
