using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>A name that an object needs, asked for or to be chosen.</summary>
/// <param name="Scope">Where it must be unique.</param>
/// <param name="Field">The field of <c>spec</c> that asks for it.</param>
/// <param name="Asked">What is asked for; null: chosen.</param>
/// <param name="Present">What the object has; null: nothing yet.</param>
/// <param name="Former">What the predecessor has; null: there is none.</param>
/// <param name="Default">What is chosen first.</param>
internal sealed record Claim(NameScope Scope, string Field, string? Asked, string? Present, string? Former, string Default)
{
    /// <summary>Device names end at 15 bytes (IFNAMSIZ), and namespaces are named like their devices.</summary>
    private const int LongestDevice = 15;

    private bool IsShort => Scope is NameScope.Device or NameScope.Namespace;

    /// <summary>In the order of preference. What is asked for has no alternative.</summary>
    public IEnumerable<string> Candidates(Guid owner)
    {
        if (Asked is not null)
        {
            return [Asked];
        }

        var suffix = "-" + owner.ToString("N")[^6..];
        var distinct = (IsShort && Default.Length > 8 ? Default[..8] : Default) + suffix;
        string?[] wishes = [Present, Former, IsShort && Default.Length > LongestDevice ? null : Default, distinct];
        return wishes.OfType<string>().Distinct();
    }
}

/// <summary>Gives names that must be unique beyond the object's own. Part of the caller's transaction; the primary key decides.</summary>
internal static class NameClaims
{
    private const string ClaimFree = """
        INSERT INTO claimed_names (scope, name, owner_id) SELECT scope, name, @owner
            FROM unnest(@scopes, @names) AS wanted (scope, name) ON CONFLICT DO NOTHING
        """;

    private static readonly HashSet<string> ReservedDevices = ["br-int", "lo", "all", "default", "ovs-system"];

    /// <summary>A device that is there before us: nobody's to name, and no way out of a VM.</summary>
    public static bool IsReservedDevice(string name) => ReservedDevices.Contains(name);

    /// <summary>Claims a name for each claim, in their order, and lets go of what the owner had and needs no more.</summary>
    /// <param name="predecessor">The former incarnation, whose names pass to the owner; null: none.</param>
    /// <returns>The names, or 409 <c>name-taken</c>.</returns>
    public static async Task<Answer<List<string>>> TakeAsync(
        NestDb db,
        Guid owner,
        Guid? predecessor,
        IReadOnlyList<Claim> claims,
        CancellationToken cancellationToken
    )
    {
        if (
            predecessor is null
            && claims.All(claim => claim.Present is null)
            && await TryClaimFirstAsync(db, owner, claims, cancellationToken) is { } first
        )
        {
            return first;
        }

        var candidates = claims
            .SelectMany(claim => claim.Candidates(owner).Select(name => (Scope: claim.Scope.ToString(), Name: name)))
            .Distinct()
            .ToList();
        var scopes = candidates.Select(c => c.Scope).ToArray();
        var names = candidates.Select(c => c.Name).ToArray();
        var rows = await db
            .ClaimedNames.FromSql(
                $"""
                SELECT * FROM claimed_names WHERE (scope, name) IN (SELECT * FROM unnest({scopes}, {names}))
                UNION SELECT * FROM claimed_names WHERE owner_id = {owner}
                """
            )
            .ToListAsync(cancellationToken);

        var taken = new List<string>(claims.Count);
        var kept = new HashSet<ClaimedName>();
        foreach (var claim in claims)
        {
            var name = claim.Candidates(owner).FirstOrDefault(candidate => IsFree(claim, candidate));
            if (name is null)
            {
                return Problem.NameTaken($"#/spec/{claim.Field}", Refusal(claim, claim.Candidates(owner).First()));
            }

            var row = rows.Find(row => row.Scope == claim.Scope && row.Name == name);
            if (row is null)
            {
                row = new()
                {
                    Scope = claim.Scope,
                    Name = name,
                    OwnerId = owner,
                };
                rows.Add(row);
                db.ClaimedNames.Add(row);
            }

            row.OwnerId = owner;
            kept.Add(row);
            taken.Add(name);
        }

        db.ClaimedNames.RemoveRange(rows.Where(row => row.OwnerId == owner && !kept.Contains(row)));
        return taken;

        bool IsFree(Claim claim, string candidate) =>
            !IsReserved(claim, candidate)
            && (
                rows.Find(row => row.Scope == claim.Scope && row.Name == candidate) is not { } row
                || ((row.OwnerId == owner || row.OwnerId == predecessor) && !kept.Contains(row))
            );
    }

    /// <summary>
    /// The usual case of a new object: nobody has the names that it wants most. Null: somebody has one; what was free is the owner's all
    /// the same.
    /// </summary>
    private static async Task<List<string>?> TryClaimFirstAsync(
        NestDb db,
        Guid owner,
        IReadOnlyList<Claim> claims,
        CancellationToken cancellationToken
    )
    {
        var names = claims.Select(claim => claim.Candidates(owner).First()).ToArray();
        if (claims.Where((claim, i) => IsReserved(claim, names[i])).Any())
        {
            return null;
        }

        var claimed = await db.ExecuteAsync(
            ClaimFree,
            cancellationToken,
            ("owner", owner),
            ("scopes", claims.Select(claim => claim.Scope.ToString()).ToArray()),
            ("names", names)
        );
        return claimed == claims.Count ? [.. names] : null;
    }

    private static bool IsReserved(Claim claim, string name) => claim.Scope == NameScope.Device && IsReservedDevice(name);

    private static string Refusal(Claim claim, string name) =>
        IsReserved(claim, name)
            ? $"The device name {name} is reserved."
            : $"The {(claim.Scope == NameScope.Switch ? "logical switch" : claim.Scope.ToString().ToLowerInvariant())} name {name} is taken by another object.";
}
