using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Networks;
using OvnNestApi.Placements;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>The kind "router": its views and operations.</summary>
internal sealed class RouterKind : ResourceKind<Router, RouterSpec, RouterBody, RouterView>
{
    public override string Name => "router";

    public override string Plural => "routers";

    public override string TagDescription => "Logical routers. Networks that name a router are attached to it.";

    public override string Example => """{"name":"tenant1","spec":{}}""";

    public override ReconciledKind? Reconciled => new ReconciledRouter();

    public override KindRemoval Removal =>
        new("router", "routers", "NOT EXISTS (SELECT FROM networks n WHERE n.router_id = x.id)")
        {
            MarkSuccessors = """
                UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@ids);
                UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE router_id = ANY(@ids)
                """,
        };

    public override Task<bool> ForceAsync(Settlement settlement, NestDb db, Guid id, CancellationToken cancellationToken) =>
        db.ForceDeletionAsync("routers", id, cancellationToken);

    public override KindWrite Begin(ResourceWrite write) => new RouterWrite(write, this);

    protected override ViewQuery<RouterView> Views(NestDb db, Liveness liveness)
    {
        var routers = db.EntityTable<Router>();
        return new(
            $"""
            SELECT {routers.Columns("r")}, ARRAY(
                SELECT n.name FROM networks n WHERE n.router_id = r.id AND n.deleting_since IS NULL ORDER BY n.name)
            FROM routers r
            """,
            row =>
            {
                var router = routers.Read(row);
                return View(router, row.GetFieldValue<string[]>(routers.Count), liveness.Of(router, host: null));
            }
        );
    }

    private static RouterView View(Router router, IReadOnlyList<string> networks, Condition condition) =>
        new()
        {
            Name = router.Name,
            Description = router.Description,
            Labels = router.Labels,
            Spec = new(router.Spec),
            Metadata = Metadata.Of(router, "router"),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new(networks, new(router.ExistingName ?? router.Name, router.ExistingName is not null)),
                Northbound = new(router.InNorthbound, router.Rejection),
            },
        };
}

/// <summary>A router in a response.</summary>
public sealed record RouterView : ResourceView<RouterSpec, RouterStatus>;

/// <summary>Observed state of a router.</summary>
public sealed record RouterStatus : ResourceStatus
{
    /// <summary>Effective values, after defaults.</summary>
    public required RouterEffective Effective { get; init; }

    /// <summary>State of the router in the northbound database.</summary>
    public required NorthboundStatus Northbound { get; init; }
}

/// <summary>Effective values of a router.</summary>
/// <param name="Networks">Names of the networks that are connected to the router, sorted.</param>
/// <param name="Router">Logical router.</param>
public sealed record RouterEffective(IReadOnlyList<string> Networks, LogicalRouterEffective Router);

/// <summary>Logical router of a router.</summary>
/// <param name="Name">Name of the logical router.</param>
/// <param name="Existing">
/// True if another system created the logical router. The service then adds and removes only its own router ports.
/// </param>
public sealed record LogicalRouterEffective(string Name, bool Existing);
