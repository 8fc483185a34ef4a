using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Endpoints of the reconciler: its state, its mode and the release of the safety brake.</summary>
internal static class ReconcilerEndpoints
{
    private const string Example = """{"spec":{"mode":"repair"}}""";

    public static void MapReconciler(this IEndpointRouteBuilder api)
    {
        var reconciler = api.MapGroup("/reconciler").WithTags("Service");
        reconciler
            .MapRead("/", GetAsync)
            .Takes()
            .Produces<ReconcilerView>()
            .Describe(
                "get-reconciler",
                "Read the reconciler's state",
                "Which process is the leader, whether it reaches the northbound database, how many resources are still to be "
                    + "reconciled, what the last pass did, whether passes fail, and the changes that the safety brake withholds, if any."
            );
        reconciler
            .MapPut("/", PutAsync)
            .Takes()
            .TakesBody<ReconcilerBody>(JsonBody.Json, Example)
            .Produces<ReconcilerView>()
            .RequireAuthorization(Policies.Admin)
            .Describe(
                "replace-reconciler",
                "Set the mode, release the brake, or take the instance over",
                "To carry out the changes that the safety brake withholds, send `status.brake.id` as `spec.releaseBrake`. If "
                    + "`spec.mode` is omitted, the configured mode applies. If another installation has the instance in the northbound "
                    + "database (`InstanceTaken`), send its id as `spec.takeInstanceFrom` to take it over."
            );
    }

    internal static async Task<JsonResult<ReconcilerView>> GetAsync(NestDb db, Backlog backlog, CancellationToken cancellationToken) =>
        new(await ReadAsync(db, backlog, cancellationToken));

    internal static async Task<Reply<JsonResult<ReconcilerView>>> PutAsync(
        HttpContext context,
        NestDb db,
        Backlog backlog,
        Transactions transactions,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        if (!(await JsonBody.ReadAsync<ReconcilerBody>(context.Request, cancellationToken)).TryGet(out var body, out var unreadable))
        {
            return unreadable;
        }

        if (body.Spec is not { } spec)
        {
            return Problem.ValidationFailed("#/spec", "is required");
        }

        var problem = await transactions.RunAsync(db, transactionToken => StoreAsync(db, spec, transactionToken), cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        signals.Written(db);
        return new JsonResult<ReconcilerView>(await ReadAsync(db, backlog, cancellationToken));
    }

    private static async Task<Problem?> StoreAsync(NestDb db, ReconcilerSpec spec, CancellationToken cancellationToken)
    {
        var leader = await db.Leader.FromSql($"SELECT * FROM leader FOR NO KEY UPDATE").SingleAsync(cancellationToken);
        var before = SpecOf(leader);
        if (before != spec)
        {
            (leader.Mode, leader.ReleasedBrake, leader.TakesInstanceFrom) = (spec.Mode, spec.ReleaseBrake, spec.TakeInstanceFrom);
            ChangeLog.Add(db, "reconciler", null, "reconciler", leader.Installation, "updated", Json(before), Json(spec));
        }

        return null;
    }

    private static ReconcilerSpec SpecOf(LeaderRow leader) => new(leader.Mode, leader.ReleasedBrake, leader.TakesInstanceFrom);

    private static string Json(ReconcilerSpec spec) => JsonSerializer.Serialize(spec, ApiJson.Options);

    private static async Task<ReconcilerView> ReadAsync(NestDb db, Backlog backlog, CancellationToken cancellationToken)
    {
        var leader = await db.Leader.AsNoTracking().SingleAsync(cancellationToken);
        var lag = await backlog.CountAsync(db, cancellationToken);
        var pass = leader.LastPass is null ? null : JsonSerializer.Deserialize<PassSummary>(leader.LastPass, ApiJson.Options);
        return new(
            SpecOf(leader),
            new(
                leader.ModeInForce,
                leader.Holder,
                leader.Epoch,
                leader.Heartbeat,
                new(leader.NorthboundSeenAt, leader.NorthboundError, leader.HvCfg),
                lag,
                leader.Brake is null ? null : JsonSerializer.Deserialize<BrakeView>(leader.Brake, ApiJson.Options),
                leader.FailingSince is not { } since || leader.PassError is null ? null : new(since, leader.PassError),
                leader.LastPassAt,
                pass,
                leader.ResyncedAt
            )
        );
    }
}
