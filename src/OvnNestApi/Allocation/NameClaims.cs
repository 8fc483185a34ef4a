using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>A unique name that a resource needs, requested or chosen by the server.</summary>
/// <param name="Scope">Scope in which the name must be unique.</param>
/// <param name="Field">Field of <c>spec</c> that requests the name.</param>
/// <param name="Asked">Requested name; null: the server chooses.</param>
/// <param name="Present">Present name of the resource; null if it has none yet.</param>
/// <param name="Former">Name of the previous incarnation; null if there is none.</param>
/// <param name="Default">Name that the server prefers.</param>
internal sealed record Claim(NameScope Scope, string Field, string? Asked, string? Present, string? Former, string Default)
{
    /// <summary>Linux limits device names to 15 bytes (IFNAMSIZ - 1). Namespaces have the names of their devices.</summary>
    private const int MaxDeviceLength = 15;

    private bool IsShort => Scope is NameScope.Device or NameScope.Namespace;

    /// <summary>Names in order of preference. A requested name has no alternative.</summary>
    public IEnumerable<string> Candidates(Guid owner)
    {
        if (Asked is not null)
        {
            return [Asked];
        }

        var suffix = "-" + owner.ToString("N")[^6..];
        var distinct = (IsShort && Default.Length > 8 ? Default[..8] : Default) + suffix;
        string?[] candidates = [Present, Former, IsShort && Default.Length > MaxDeviceLength ? null : Default, distinct];
        return candidates.OfType<string>().Distinct();
    }
}

/// <summary>
/// Claims names that must be unique across resources, in the caller's transaction. The primary key decides concurrent claims.
/// </summary>
internal static class NameClaims
{
    private const string ClaimFree = """
        INSERT INTO claimed_names (scope, name, owner_id) SELECT scope, name, @owner
            FROM unnest(@scopes, @names) AS wanted (scope, name) ON CONFLICT DO NOTHING
        """;

    private static readonly HashSet<string> ReservedDevices = ["br-int", "lo", "all", "default", "ovs-system"];

    /// <summary>
    /// Returns true for a device name that Linux or Open vSwitch uses itself. No resource can have it, and it cannot be an uplink.
    /// </summary>
    public static bool IsReservedDevice(string name) => ReservedDevices.Contains(name);

    /// <summary>Claims a name for each claim, in order, and releases the names that the owner no longer needs.</summary>
    /// <param name="predecessor">Previous incarnation, whose names pass to the owner; null if none.</param>
    /// <returns>The names in the order of the claims, or 409 <c>name-taken</c>.</returns>
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

        var rows = await ReadAsync(db, owner, claims, cancellationToken);
        var names = new List<string>(claims.Count);
        var kept = new HashSet<ClaimedName>();
        foreach (var claim in claims)
        {
            var name = claim.Candidates(owner).FirstOrDefault(candidate => !IsReserved(claim, candidate) && IsFree(Find(claim, candidate)));
            if (name is null)
            {
                return Problem.NameTaken($"#/spec/{claim.Field}", Refusal(claim, claim.Candidates(owner).First()));
            }

            kept.Add(Find(claim, name) is { } row ? Pass(row, owner) : Add(db, rows, claim.Scope, name, owner));
            names.Add(name);
        }

        db.ClaimedNames.RemoveRange(rows.Where(row => row.OwnerId == owner && !kept.Contains(row)));
        return names;

        ClaimedName? Find(Claim claim, string name) => rows.Find(row => row.Scope == claim.Scope && row.Name == name);

        bool IsFree(ClaimedName? row) => row is null || ((row.OwnerId == owner || row.OwnerId == predecessor) && !kept.Contains(row));
    }

    private static ClaimedName Pass(ClaimedName row, Guid owner)
    {
        row.OwnerId = owner;
        return row;
    }

    private static ClaimedName Add(NestDb db, List<ClaimedName> rows, NameScope scope, string name, Guid owner)
    {
        var row = new ClaimedName
        {
            Scope = scope,
            Name = name,
            OwnerId = owner,
        };
        rows.Add(row);
        db.ClaimedNames.Add(row);
        return row;
    }

    /// <summary>Returns the claimed names among all candidates, and all names of the owner.</summary>
    private static Task<List<ClaimedName>> ReadAsync(
        NestDb db,
        Guid owner,
        IReadOnlyList<Claim> claims,
        CancellationToken cancellationToken
    )
    {
        var candidates = claims
            .SelectMany(claim => claim.Candidates(owner).Select(name => (Scope: claim.Scope.ToString(), Name: name)))
            .Distinct()
            .ToList();
        var scopes = candidates.Select(c => c.Scope).ToArray();
        var names = candidates.Select(c => c.Name).ToArray();
        return db
            .ClaimedNames.FromSql(
                $"""
                SELECT * FROM claimed_names WHERE (scope, name) IN (SELECT * FROM unnest({scopes}, {names}))
                UNION SELECT * FROM claimed_names WHERE owner_id = {owner}
                """
            )
            .ToListAsync(cancellationToken);
    }

    /// <summary>
    /// The usual case of a new resource: its preferred names are free. Null if one is taken; the owner then has claimed the free ones.
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
            ? $"The device name {name} is reserved. Choose another name."
            : $"The {Word(claim.Scope)} name {name} is taken by another resource. Choose another name.";

    private static string Word(NameScope scope) => scope == NameScope.Switch ? "logical switch" : scope.ToString().ToLowerInvariant();
}
