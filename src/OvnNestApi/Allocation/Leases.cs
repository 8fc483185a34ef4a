using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Binds tags to containers and releases them, in the caller's transaction, in a constant number of statements for any number of
/// containers. The caller holds the locks of the VMs' rows; the unique indexes reject duplicates in any case.
/// </summary>
internal static class Leases
{
    private const string Release = """
        UPDATE vlan_leases l SET state = 'Draining', since = statement_timestamp(), drain_nb_cfg = NULL, revision = revision + 1,
            awaits_all_chassis = NOT EXISTS (SELECT FROM lease_holds h WHERE h.lease_id = l.id)
                OR EXISTS (SELECT FROM vms v WHERE v.id = l.vm_id AND v.uplink_interface IS NOT NULL)
        WHERE l.container_id = ANY(@containers) AND l.state = 'Bound';
        UPDATE vlan_leases SET successor_id = NULL WHERE successor_id = ANY(@containers)
        """;

    private const string Succeed = """
        UPDATE vlan_leases l SET successor_id = s.container
        FROM unnest(@leases::uuid[], @containers::uuid[]) AS s (lease, container) WHERE l.id = s.lease
        """;

    private static readonly string TakeOver = TagHistory.Bind(
        "SELECT * FROM unnest(@leases::uuid[], @containers::uuid[], @names::text[]) AS t (former, container, name)"
    );

    /// <summary>
    /// Binds a tag to each container and sets <see cref="Container.Tag"/>. If a container had another tag, that tag starts to drain. The
    /// containers of a list can exchange their tags: a container that requests a tag that another one of the list gives up gets it when it
    /// has drained (<see cref="VlanLease.SuccessorId"/>).
    /// </summary>
    /// <returns>
    /// An entry for each request, in order. Null if the tag is bound, or will be bound when it has drained. Otherwise 400
    /// <c>validation-failed</c>, <c>reference-missing</c>, 409 <c>vlan-tag-taken</c> or <c>vlan-tags-exhausted</c>; the caller then rolls
    /// back.
    /// </returns>
    public static async Task<IReadOnlyList<Problem?>> BindAsync(
        NestDb db,
        IReadOnlyList<TagRequest> requests,
        CancellationToken cancellationToken
    )
    {
        var problems = new Dictionary<TagRequest, Problem>();
        var claims = Claim(requests, problems);
        await ForeignTags.ReleaseAsync(db, [.. claims.Where(claim => claim.Value.IsAdopted).Select(claim => claim.Key)], cancellationToken);
        var rest = await BindNewAsync(db, [.. requests.Where(request => !problems.ContainsKey(request))], claims.Keys, cancellationToken);
        if (rest.Count > 0)
        {
            var plan = new TagPlan(rest, await RelatedLeasesAsync(db, rest, cancellationToken), claims);
            foreach (var (request, problem) in plan.Problems)
            {
                problems[request] = problem;
            }

            if (problems.Count == 0)
            {
                await ExecuteAsync(db, plan, cancellationToken);
                await GrantAsync(db, plan.Grants, claims.Keys, problems, cancellationToken);
            }
        }

        return [.. requests.Select(request => problems.GetValueOrDefault(request))];
    }

    /// <summary>Releases the tags of containers: their leases change from bound to draining.</summary>
    public static Task ReleaseAsync(NestDb db, IReadOnlyCollection<Guid> containers, CancellationToken cancellationToken) =>
        db.ExecuteAsync(Release, cancellationToken, ("containers", containers.ToArray()));

    /// <summary>Finds which request gets each requested tag: the first one, except that a container's present tag is its own.</summary>
    private static Dictionary<(Guid Vm, int Tag), TagRequest> Claim(
        IReadOnlyList<TagRequest> requests,
        Dictionary<TagRequest, Problem> problems
    )
    {
        var claims = new Dictionary<(Guid Vm, int Tag), TagRequest>();
        foreach (var request in requests.OrderBy(request => request.Tag != request.Container.Tag))
        {
            if (request.Tag is { } tag && !claims.TryAdd((request.Vm.Id, tag), request))
            {
                problems[request] = TagProblems.RequestedTwice(request, tag, claims[(request.Vm.Id, tag)].Container);
            }
        }

        return claims;
    }

    /// <summary>Binds tags to new containers without a reservation; returns the requests that are left.</summary>
    private static async Task<IReadOnlyList<TagRequest>> BindNewAsync(
        NestDb db,
        IReadOnlyList<TagRequest> requests,
        IReadOnlyCollection<(Guid Vm, int Tag)> claimed,
        CancellationToken cancellationToken
    )
    {
        var taken = claimed.ToHashSet();
        var bindings = new List<(Vm, Container, int?)>();
        foreach (var (vm, container, tag, ownerKey, preferred, _) in requests)
        {
            if (container.Tag == 0 && ownerKey is null)
            {
                var isPreferenceFree = tag is null && preferred is { } one && taken.Add((vm.Id, one));
                bindings.Add((vm, container, isPreferenceFree ? preferred : tag));
            }
        }

        if (bindings.Count == 0)
        {
            return requests;
        }

        var granted = await Grant.BoundAsync(db, bindings, claimed, alone: true, cancellationToken);
        foreach (var (_, container, _) in bindings)
        {
            container.Tag = granted.GetValueOrDefault(container.Id);
        }

        return [.. requests.Where(request => !granted.ContainsKey(request.Container.Id))];
    }

    /// <summary>
    /// Locks and returns the leases of the containers' names, of the requested tags and of the owner keys, and those for which the
    /// containers wait; the latest first.
    /// </summary>
    private static async Task<List<VlanLease>> RelatedLeasesAsync(
        NestDb db,
        IReadOnlyList<TagRequest> requests,
        CancellationToken cancellationToken
    )
    {
        var withOwner = requests.Where(request => request.OwnerKey is not null).Select(request => request.Vm.Id).Distinct().ToList();
        if (withOwner.Count > 0)
        {
            await Expiry.SweepVmsAsync(db, withOwner, cancellationToken);
        }

        return await db.SelectAsync<VlanLease>(
            """
            WHERE id IN (
                SELECT related.id
                FROM unnest(@vms, @containers, @names, @tags, @owners) AS r (vm, container, name, tag, owner), LATERAL (
                    SELECT l.id FROM vlan_leases l WHERE l.vm_id = r.vm AND l.container_name = r.name
                    UNION ALL SELECT l.id FROM vlan_leases l WHERE l.vm_id = r.vm AND l.tag = r.tag
                    UNION ALL SELECT l.id FROM vlan_leases l WHERE l.vm_id = r.vm AND l.owner = r.owner
                    UNION ALL SELECT l.id FROM vlan_leases l WHERE l.successor_id = r.container) related)
            ORDER BY since DESC FOR NO KEY UPDATE
            """,
            cancellationToken,
            ("vms", requests.Select(request => request.Vm.Id).ToArray()),
            ("containers", requests.Select(request => request.Container.Id).ToArray()),
            ("names", requests.Select(request => request.Container.Name).ToArray()),
            ("tags", requests.Select(request => request.Tag).ToArray()),
            ("owners", requests.Select(request => request.OwnerKey).ToArray())
        );
    }

    private static async Task ExecuteAsync(NestDb db, TagPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Releases.Count > 0)
        {
            await ReleaseAsync(db, plan.Releases, cancellationToken);
        }

        if (plan.TakeOvers.Count > 0)
        {
            await db.ExecuteAsync(TakeOver, cancellationToken, Parameters(plan.TakeOvers));
        }

        if (plan.Successions.Count > 0)
        {
            await db.ExecuteAsync(Succeed, cancellationToken, Parameters(plan.Successions));
        }

        foreach (var (lease, container) in plan.Kept.Concat(plan.TakeOvers).Concat(plan.Successions))
        {
            container.Tag = lease.Tag;
        }
    }

    private static (string, object?)[] Parameters(List<(VlanLease Lease, Container Container)> bindings) =>
        [
            ("leases", bindings.Select(binding => binding.Lease.Id).ToArray()),
            ("containers", bindings.Select(binding => binding.Container.Id).ToArray()),
            ("names", bindings.Select(binding => binding.Container.Name).ToArray()),
        ];

    private static async Task GrantAsync(
        NestDb db,
        List<(TagRequest Request, int? Tag, VlanLease? Held)> grants,
        IReadOnlyCollection<(Guid Vm, int Tag)> claimed,
        Dictionary<TagRequest, Problem> problems,
        CancellationToken cancellationToken
    )
    {
        if (grants.Count == 0)
        {
            return;
        }

        var bindings = grants.ConvertAll(grant => (grant.Request.Vm, grant.Request.Container, grant.Tag));
        var granted = await Grant.BoundAsync(db, bindings, claimed, alone: false, cancellationToken);
        var exhausted = new List<TagRequest>();
        foreach (var (request, _, held) in grants)
        {
            if (granted.TryGetValue(request.Container.Id, out var tag))
            {
                request.Container.Tag = tag;
            }
            else if (held is not null)
            {
                problems[request] = TagProblems.Taken(request.Vm, held, request.Pointers.Tag);
            }
            else
            {
                exhausted.Add(request);
            }
        }

        await AddExhaustedAsync(db, exhausted, problems, cancellationToken);
    }

    private static async Task AddExhaustedAsync(
        NestDb db,
        List<TagRequest> exhausted,
        Dictionary<TagRequest, Problem> problems,
        CancellationToken cancellationToken
    )
    {
        if (exhausted.Count == 0)
        {
            return;
        }

        var found = await TagProblems.ExhaustedAsync(
            db,
            exhausted.ConvertAll(request => (request.Vm, request.Pointers.Tag)),
            cancellationToken
        );
        foreach (var (request, problem) in exhausted.Zip(found))
        {
            problems[request] = problem;
        }
    }
}
