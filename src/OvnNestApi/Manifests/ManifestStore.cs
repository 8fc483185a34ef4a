using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Plans;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Manifests;

/// <summary>Applies manifests: writes all resources in one transaction, and waits for them if requested.</summary>
internal sealed class ManifestStore(
    NestDb db,
    ResourceKinds kinds,
    MacPrefix macPrefix,
    Transactions transactions,
    CachedLiveness liveness,
    Signals signals,
    StateWait waiting,
    Settlement settlement,
    Planner planner
)
{
    /// <summary>A statement for ten thousand resources takes seconds; the default timeout is for single resources.</summary>
    private static readonly TimeSpan LongestStatement = TimeSpan.FromMinutes(1);

    /// <summary>Creates or replaces the resources of a manifest, and deletes those that the selector of the options matches.</summary>
    /// <returns>What became of each resource; false in <c>IsInTime</c> if the requested wait ended before all were ready or gone.</returns>
    public async Task<Answer<(AppliedManifest Applied, bool IsInTime)>> ApplyAsync(
        IReadOnlyList<(ResourceKind Kind, Submission Submission)> submissions,
        ManifestOptions options,
        CancellationToken cancellationToken
    )
    {
        db.Database.SetCommandTimeout(LongestStatement);
        var prepared = options.DryRun ? await planner.PrepareAsync(db, cancellationToken) : null;
        PlanView? plan = null;
        var answer = await transactions.RunOnceAsync(
            db,
            options.Key,
            async token =>
            {
                var written = await WriteAsync(submissions, options, token);
                plan = written.Problem is null && prepared is not null ? await planner.OfChangesAsync(db, prepared, token) : null;
                return written;
            },
            options.DryRun,
            cancellationToken
        );
        if (!answer.TryGet(out var items, out var problem))
        {
            return problem;
        }

        if (!options.DryRun && items.Exists(item => item.Action != AppliedAction.Unchanged))
        {
            signals.Written(db);
        }

        var isInTime = options is not { Wait: { } wait, DryRun: false } || await WaitAsync(items, wait, cancellationToken);
        return (new AppliedManifest(items, plan), isInTime);
    }

    private async Task<Answer<List<AppliedResource>>> WriteAsync(
        IReadOnlyList<(ResourceKind Kind, Submission Submission)> submissions,
        ManifestOptions options,
        CancellationToken cancellationToken
    )
    {
        // Between two statements, this process computes for a time that grows with the list.
        var idle = TimeSpan.FromSeconds(10 + submissions.Count / 1000);
        await db.ExecuteAsync(
            "SELECT set_config('idle_in_transaction_session_timeout', @milliseconds, true)",
            cancellationToken,
            ("milliseconds", idle.TotalMilliseconds.ToString(CultureInfo.InvariantCulture))
        );
        var write = await new ResourceWrite(db, kinds.All, macPrefix).RunAsync(submissions, cancellationToken);
        if (!write.TryGet(out var written, out var refused))
        {
            return refused;
        }

        if (options.Check is { } check && await check(written, cancellationToken) is { } conflict)
        {
            return conflict;
        }

        var applied = written.Select(AppliedResource.Of).ToList();
        if (options.Prune is not { } prune)
        {
            return applied;
        }

        return (await PruneAsync(prune, applied, cancellationToken)).TryGet(out var deleted, out refused)
            ? (List<AppliedResource>)[.. applied, .. deleted]
            : refused;
    }

    /// <summary>Requests the deletion of the resources with these labels that are not in the manifest.</summary>
    private async Task<Answer<List<AppliedResource>>> PruneAsync(
        LabelSelector labels,
        List<AppliedResource> applied,
        CancellationToken cancellationToken
    )
    {
        var (kept, targets) = (applied.Select(item => item.Id).ToArray(), new List<DeletionEntry>());
        foreach (var kind in kinds.All)
        {
            targets.AddRange(await kind.LockLabelledAsync(db, labels, kept, cancellationToken));
        }

        if (targets.Count == 0)
        {
            return new List<AppliedResource>();
        }

        var deletion = new Deletion(db, kinds.All, settlement, cascade: false, force: false);
        return await deletion.MarkAsync(targets, cancellationToken) is { } problem ? problem : targets.ConvertAll(AppliedResource.Of);
    }

    /// <summary>Waits until the written resources are ready and the deleted ones are gone; false if the time is over before.</summary>
    private Task<bool> WaitAsync(List<AppliedResource> items, TimeSpan wait, CancellationToken cancellationToken)
    {
        var pending = kinds.All.ToDictionary(
            kind => kind,
            kind => items.Where(item => item.Kind == kind.Name).Select(item => item.Id).ToArray()
        );
        return waiting.UntilAsync(
            async token =>
            {
                var now = await liveness.ReadAsync(db, token);
                foreach (var (kind, ids) in pending.Where(one => one.Value.Length > 0))
                {
                    pending[kind] = [.. await kind.NotReadyAsync(db, now, ids, token)];
                }

                return pending.Values.All(ids => ids.Length == 0);
            },
            wait,
            cancellationToken
        );
    }
}

/// <summary>Query parameters and idempotency key of a manifest.</summary>
/// <param name="Wait">Longest time to hold the response, at most 60 s; null to respond at once.</param>
/// <param name="DryRun">True to check and respond as usual, but store nothing.</param>
/// <param name="Prune">Labels of the resources to delete that are not in the manifest; null to delete none.</param>
/// <param name="Key">Key for which the result is stored, and returned again without a second effect; null if none.</param>
internal sealed record ManifestOptions(TimeSpan? Wait, bool DryRun, LabelSelector? Prune, IdempotencyKey? Key)
{
    /// <summary>Check at the end of the transaction, of the resources as they are written; null if there is none.</summary>
    public Func<IReadOnlyList<WriteItem>, CancellationToken, Task<Problem?>>? Check { get; init; }
}

/// <summary>What a manifest did with a resource.</summary>
public enum AppliedAction
{
    /// <summary>It was created.</summary>
    Created,

    /// <summary>Its writable fields were replaced.</summary>
    Updated,

    /// <summary>It was stored with these fields already.</summary>
    Unchanged,

    /// <summary>Its deletion was requested, because of <c>prune</c>.</summary>
    Deleted,
}

/// <summary>A resource that a manifest was applied to.</summary>
/// <param name="Kind">Kind of the resource: {kinds}.</param>
/// <param name="Vm">Name of the VM, for a container; absent for other kinds.</param>
/// <param name="Name">Name of the resource.</param>
/// <param name="Action">What the manifest did with it.</param>
/// <param name="Id">Id of the resource.</param>
public sealed record AppliedResource(string Kind, string? Vm, string Name, AppliedAction Action, Guid Id)
{
    internal static AppliedResource Of(WriteItem item)
    {
        var action = (item.IsNew, item.HasChanged) switch
        {
            (true, _) => AppliedAction.Created,
            (_, true) => AppliedAction.Updated,
            _ => AppliedAction.Unchanged,
        };
        return new(item.Kind.Name, item.Path.Vm, item.Path.Name, action, item.Resource?.Id ?? default);
    }

    internal static AppliedResource Of(DeletionEntry entry) =>
        new(entry.Kind.Name, entry.Vm, entry.Resource.Name, AppliedAction.Deleted, entry.Resource.Id);
}

/// <summary>Result of a manifest.</summary>
/// <param name="Items">The resources in the order of the manifest, then those that were deleted.</param>
/// <param name="Plan">With <c>dryRun</c>: what would be done after these changes. Absent otherwise.</param>
public sealed record AppliedManifest(IReadOnlyList<AppliedResource> Items, PlanView? Plan = null);
