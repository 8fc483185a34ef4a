using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Claims names that must be unique across resources, in the caller's transaction. The primary key decides concurrent claims. The number
/// of statements does not depend on the number of requests.
/// </summary>
internal static class NameClaims
{
    private const string ClaimFree = """
        INSERT INTO claimed_names (scope, name, owner_id) SELECT * FROM unnest(@scopes, @names, @owners) ON CONFLICT DO NOTHING
        """;

    private const string ReadHolders = """
        SELECT scope, name, owner_id FROM claimed_names WHERE (scope, name) IN (SELECT * FROM unnest(@scopes, @names))
        UNION SELECT scope, name, owner_id FROM claimed_names WHERE owner_id = ANY(@owners)
        """;

    // The three parts never concern the same row. A name that another request has just claimed violates the primary key, and the
    // transaction runs again.
    private const string Write = """
        WITH released AS (
            DELETE FROM claimed_names c USING unnest(@releasedscopes, @releasednames) AS r (scope, name)
            WHERE c.scope = r.scope AND c.name = r.name),
        passed AS (
            UPDATE claimed_names c SET owner_id = p.owner FROM unnest(@passedscopes, @passednames, @passedowners) AS p (scope, name, owner)
            WHERE c.scope = p.scope AND c.name = p.name)
        INSERT INTO claimed_names (scope, name, owner_id) SELECT * FROM unnest(@scopes, @names, @owners)
        """;

    /// <summary>
    /// Claims a name for each claim and releases the names that the owners no longer need. Names that one owner of the list releases are
    /// available to the others. If a request cannot be served, the caller rolls back.
    /// </summary>
    /// <returns>One answer for each request, in order: the names in the order of its claims, or 409 <c>name-taken</c>.</returns>
    public static async Task<IReadOnlyList<Answer<string[]>>> TakeAsync(
        NestDb db,
        IReadOnlyList<NameRequest> requests,
        CancellationToken cancellationToken
    )
    {
        if (requests.All(request => request.IsNew) && await TryClaimFirstAsync(db, requests, cancellationToken) is { } first)
        {
            return first;
        }

        var choice = new NameChoice(requests, await ReadAsync(db, requests, cancellationToken));
        var answers = choice.Answers;
        if (answers.All(answer => answer.Problem is null))
        {
            (string, object?)[] columns =
            [
                .. Columns("released", [.. choice.Released]),
                .. Columns("passed", [.. choice.Passed]),
                .. Columns("", [.. choice.Added]),
            ];
            await db.ExecuteAsync(Write, cancellationToken, columns);
        }

        return answers;
    }

    /// <summary>
    /// The usual case of new resources: their preferred names are free. Null if one is taken; the owners then have claimed the free ones.
    /// </summary>
    private static async Task<IReadOnlyList<Answer<string[]>>?> TryClaimFirstAsync(
        NestDb db,
        IReadOnlyList<NameRequest> requests,
        CancellationToken cancellationToken
    )
    {
        var claims = requests.SelectMany(request => request.Claims.Select(claim => (request.Owner, Claim: claim)));
        var names = new Dictionary<ScopedName, Guid>();
        foreach (var (owner, claim) in claims)
        {
            if (claim.Candidates(owner).Select(name => (ScopedName?)name).FirstOrDefault() is not { } name || !names.TryAdd(name, owner))
            {
                return null;
            }
        }

        var claimed = names.Count > 0 ? await db.ExecuteAsync(ClaimFree, cancellationToken, [.. Columns("", names)]) : 0;
        return claimed == names.Count ? new NameChoice(requests, names).Answers : null;
    }

    /// <summary>Returns the holders of the claimed names among all candidates, and of all names of the owners.</summary>
    private static async Task<Dictionary<ScopedName, Guid>> ReadAsync(
        NestDb db,
        IReadOnlyList<NameRequest> requests,
        CancellationToken cancellationToken
    )
    {
        ScopedName[] candidates =
        [
            .. requests.SelectMany(request => request.Claims.SelectMany(claim => claim.Candidates(request.Owner))).Distinct(),
        ];
        var rows = await db.QueryAsync(
            ReadHolders,
            row => KeyValuePair.Create(new ScopedName(Enum.Parse<NameScope>(row.GetString(0)), row.GetString(1)), row.GetGuid(2)),
            cancellationToken,
            [.. Columns("", candidates), ("owners", requests.Select(request => request.Owner).ToArray())]
        );
        return new(rows);
    }

    /// <summary>The rows are ordered, so that concurrent lists wait for each other's names in the same order.</summary>
    private static IEnumerable<(string Name, object? Value)> Columns(
        string prefix,
        IReadOnlyCollection<KeyValuePair<ScopedName, Guid>> rows
    )
    {
        var ordered = rows.OrderBy(row => row.Key.Scope).ThenBy(row => row.Key.Name, StringComparer.Ordinal).ToList();
        return [.. Columns(prefix, ordered.ConvertAll(row => row.Key)), ($"{prefix}owners", ordered.Select(row => row.Value).ToArray())];
    }

    private static IEnumerable<(string Name, object? Value)> Columns(string prefix, IReadOnlyCollection<ScopedName> names) =>
        [
            ($"{prefix}scopes", names.Select(name => name.Scope.ToString()).ToArray()),
            ($"{prefix}names", names.Select(name => name.Name).ToArray()),
        ];
}
