using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>The reconciler as an object: its mode, its brake, and how it fares.</summary>
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
                "Who leads, whether the northbound database is reached, how much is still to be done, what the last pass did, "
                    + "and the brake if there is one."
            );
        reconciler
            .MapPut("/", PutAsync)
            .Takes()
            .TakesBody<ReconcilerBody>(JsonBody.Json, Example)
            .Produces<ReconcilerView>()
            .RequireAuthorization(Policies.Admin)
            .Describe(
                "replace-reconciler",
                "Set the mode, or release the brake",
                "A plan that was held back is carried out when its `brake.id` is sent as `releaseBrake`. Left out, the mode "
                    + "is the configuration's."
            );
    }

    internal static async Task<JsonResult<ReconcilerView>> GetAsync(NestDb db, CancellationToken ct) => new(await ReadAsync(db, ct));

    internal static async Task<Reply<JsonResult<ReconcilerView>>> PutAsync(
        HttpContext context,
        NestDb db,
        Transactions transactions,
        Signals signals,
        CancellationToken ct
    )
    {
        if (!(await JsonBody.ReadAsync<ReconcilerBody>(context.Request, ct)).TryGet(out var body, out var unreadable))
        {
            return unreadable;
        }

        if (body.Spec is not { } spec)
        {
            return Problem.ValidationFailed("#/spec", "is required");
        }

        var problem = await transactions.RunAsync(
            db,
            async ct =>
            {
                var leader = await db.Leader.FromSql($"SELECT * FROM leader FOR NO KEY UPDATE").SingleAsync(ct);
                var before = new ReconcilerSpec(leader.Mode, leader.ReleasedBrake);
                if (before == spec)
                {
                    return null;
                }

                (leader.Mode, leader.ReleasedBrake) = (spec.Mode, spec.ReleaseBrake);
                ChangeLog.Add(db, "reconciler", null, "reconciler", leader.Installation, "updated", Json(before), Json(spec));
                return null;
            },
            ct
        );
        if (problem is not null)
        {
            return problem;
        }

        signals.Written(db);
        return new JsonResult<ReconcilerView>(await ReadAsync(db, ct));
    }

    private static string Json(ReconcilerSpec spec) => JsonSerializer.Serialize(spec, ApiJson.Options);

    private static async Task<ReconcilerView> ReadAsync(NestDb db, CancellationToken ct)
    {
        var leader = await db.Leader.AsNoTracking().SingleAsync(ct);
        var lag = await db
            .Database.SqlQuery<int>(
                $"""
                SELECT ((SELECT count(*) FROM routers WHERE dirty_seq > reconciled_seq) + (SELECT count(*) FROM networks
                    WHERE dirty_seq > reconciled_seq)
                    + (SELECT count(*) FROM vms WHERE dirty_seq > reconciled_seq) + (SELECT count(*) FROM containers
                        WHERE dirty_seq > reconciled_seq))::int AS "Value"
                """
            )
            .SingleAsync(ct);
        var pass = leader.LastPass is null ? null : JsonSerializer.Deserialize<PassSummary>(leader.LastPass, ApiJson.Options);
        return new(
            new(leader.Mode, leader.ReleasedBrake),
            new(
                leader.ModeInForce,
                leader.Holder,
                leader.Epoch,
                leader.Heartbeat,
                new(leader.NorthboundSeenAt, leader.NorthboundError, leader.HvCfg),
                lag,
                leader.Brake is null || leader.BrakeId is null ? null : new(leader.BrakeId, leader.Brake),
                leader.LastPassAt,
                pass,
                leader.ResyncedAt
            )
        );
    }
}

/// <summary>The body of a PUT; <c>status</c> is accepted and ignored, so that an answer can be edited and sent back.</summary>
internal sealed record ReconcilerBody(ReconcilerSpec? Spec, JsonElement? Status = null);

/// <summary>What an admin asks of the reconciler.</summary>
/// <param name="Mode">What it does about a difference; left out: what the configuration says.</param>
/// <param name="ReleaseBrake">The id of a plan that was held back and is to be carried out all the same.</param>
internal sealed record ReconcilerSpec(ReconcilerMode? Mode = null, [property: MaxLength(64)] string? ReleaseBrake = null);

/// <summary>The reconciler.</summary>
/// <param name="Spec">What was asked of it.</param>
/// <param name="Status">How it fares.</param>
internal sealed record ReconcilerView(ReconcilerSpec Spec, ReconcilerStatus Status);

/// <summary>How the reconciler fares.</summary>
/// <param name="Mode">The mode in force; absent before the first leader.</param>
/// <param name="Leader">The process that leads.</param>
/// <param name="Epoch">How often the leader has changed: the fence in the northbound database.</param>
/// <param name="Heartbeat">When the leader last said that it lives.</param>
/// <param name="Northbound">Whether it reaches the northbound database.</param>
/// <param name="Lag">Objects with a change that is not in the northbound database yet.</param>
/// <param name="Brake">Why it holds back; absent: it does not.</param>
/// <param name="LastPassAt">When it last did something.</param>
/// <param name="LastPass">What that was.</param>
/// <param name="ResyncedAt">When everything was last compared.</param>
internal sealed record ReconcilerStatus(
    ReconcilerMode? Mode,
    Guid? Leader,
    long Epoch,
    DateTimeOffset? Heartbeat,
    NorthboundReach Northbound,
    int Lag,
    BrakeView? Brake,
    DateTimeOffset? LastPassAt,
    PassSummary? LastPass,
    DateTimeOffset? ResyncedAt
);

/// <summary>Whether the northbound database is reached.</summary>
/// <param name="SeenAt">When it last answered, with a complete copy.</param>
/// <param name="Error">Why it does not.</param>
/// <param name="HvCfg">The configuration that every chassis has reached (<c>hv_cfg</c>, ovn-nb(5)).</param>
internal sealed record NorthboundReach(DateTimeOffset? SeenAt, string? Error, long? HvCfg);

/// <summary>A plan that is held back.</summary>
/// <param name="Id">What to send as <c>releaseBrake</c>.</param>
/// <param name="Message">What it would remove.</param>
internal sealed record BrakeView(string Id, string Message);

/// <summary>What a pass did.</summary>
/// <param name="Full">Everything was compared.</param>
/// <param name="Objects">Objects of which something new was recorded.</param>
/// <param name="Operations">Operations committed in the northbound database.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record PassSummary(bool Full, int Objects, int Operations, double Milliseconds);
