using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Networks;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>The kind "router": its views and operations.</summary>
internal sealed class RouterKind : ResourceKind<Router, RouterSpec, RouterBody, RouterView>
{
    public override string Name => "router";

    public override string Plural => "routers";

    public override string Example => """{"name":"tenant1","spec":{}}""";

    public override KindWrite Begin(ResourceWrite write) => new RouterWrite(write, this);

    public override async Task<List<RouterView>> ViewAsync(
        NestDb db,
        Liveness liveness,
        IQueryable<Router> which,
        CancellationToken cancellationToken
    )
    {
        var rows = await which
            .AsNoTracking()
            .Select(router => new
            {
                Router = router,
                Networks = db
                    .Networks.Where(network => network.RouterId == router.Id && network.DeletingSince == null)
                    .OrderBy(network => network.Name)
                    .Select(network => network.Name)
                    .ToList(),
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(row.Router, row.Networks, liveness.Of(row.Router)));
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
                Effective = new(networks),
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
public sealed record RouterEffective(IReadOnlyList<string> Networks);
