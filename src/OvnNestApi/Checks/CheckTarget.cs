using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>Resolves the target of a check to an address.</summary>
internal static class CheckTarget
{
    public const string Rule = "gateway, an IPv4 address, or a name such as c51, vm5 or vm5/c51 is expected";

    private const string Gateway = "gateway";
    private const string Pointer = "#/target";

    private const string OfContainer = """
        SELECT c.ip FROM containers c JOIN vms v ON v.id = c.vm_id
        WHERE v.name = @vm AND c.name = @name AND v.deleting_since IS NULL AND c.deleting_since IS NULL
        """;

    // The container of the same VM comes first.
    private const string OfName = """
        (SELECT ip FROM containers WHERE vm_id = @vm AND name = @name AND deleting_since IS NULL)
        UNION ALL
        (SELECT ip FROM vms WHERE name = @name AND deleting_since IS NULL)
        """;

    /// <summary>Returns the address of the target, or why there is none.</summary>
    public static async Task<Answer<Ipv4>> ResolveAsync(NestDb db, CheckedPort from, string? target, CancellationToken cancellationToken)
    {
        if (target is null)
        {
            return Problem.ValidationFailed(Pointer, Rule);
        }

        if (target == Gateway)
        {
            return from.Gateway is { } gateway
                ? gateway
                : Problem.NotCheckable($"The network {from.Network} has no gateway: name another target.", Pointer);
        }

        if (Ipv4.TryParse(target, out var address))
        {
            return IsUnicast(address)
                ? address
                : Problem.ValidationFailed(Pointer, "must be a unicast address, and not a loopback address");
        }

        return target.Split('/') switch
        {
            [var name] when ResourceName.IsValid(name) => Address(
                await ReadAsync(db, OfName, from.VmId, name, cancellationToken),
                target,
                "is neither a container of the same VM nor a VM"
            ),
            [var vm, var name] when ResourceName.IsValid(vm) && ResourceName.IsValid(name) => Address(
                await ReadAsync(db, OfContainer, vm, name, cancellationToken),
                target,
                "is not a container"
            ),
            _ => Problem.ValidationFailed(Pointer, Rule),
        };
    }

    private static Task<List<Ipv4?>> ReadAsync(NestDb db, string sql, object vm, string name, CancellationToken cancellationToken) =>
        db.QueryAsync(
            sql,
            row => row.IsDBNull(0) ? (Ipv4?)null : Ipv4.From(row.GetFieldValue<System.Net.IPAddress>(0)),
            cancellationToken,
            ("vm", vm),
            ("name", name)
        );

    private static Answer<Ipv4> Address(List<Ipv4?> found, string target, string unknown) =>
        found switch
        {
            [] => Problem.ValidationFailed(Pointer, $"{target} {unknown}"),
            [{ } address, ..] => address,
            _ => Problem.NotCheckable($"{target} has no IPv4 address: its network has no subnet.", Pointer),
        };

    /// <summary>Returns false for 0.0.0.0/8, 127.0.0.0/8, and everything from 224.0.0.0.</summary>
    private static bool IsUnicast(Ipv4 address) => (address.Value >> 24) is > 0 and < 224 and not 127;
}
