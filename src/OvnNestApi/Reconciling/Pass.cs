using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Placements;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>One look at what is dirty or has drifted, or at everything, and what follows from it. Made for one time of leading.</summary>
internal sealed partial class Pass(
    NorthboundDb nb,
    Leadership leadership,
    IDbContextFactory<NestDb> databases,
    Transactions transactions,
    Settlement settlement,
    Signals signals,
    ReconcilerOptions options,
    TimeProvider time,
    ILogger<Pass> logger
)
{
    private readonly RecentWrites _echoes = new();
    private readonly Contention _contention = new(time, options.RepairsPerMinute);
    private readonly PortStates _ports = new(time, options.UpDebounce);
    private HashSet<OwnerRef> _strays = [];
    private NorthboundDrift? _left;

    /// <summary>When a port's state will have lasted long enough to be recorded; null: none is waited for.</summary>
    public TimeSpan? NextIn => _ports.NextIn;

    /// <summary>Runs it.</summary>
    /// <param name="isFull">Compare everything.</param>
    /// <exception cref="DeposedException">Another leads, says PostgreSQL.</exception>
    /// <exception cref="FenceFallenException">Another leads, or the NB was replaced.</exception>
    public async Task<PassReport> RunAsync(Term term, bool isFull, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var drift = TakeDrift();
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var ids =
                isFull ? null
                : term.Mode != ReconcilerMode.Repair ? []
                : (await Backlog.ReadAsync(db, options.PassSize, drift.ForeignChanged, cancellationToken))
                    .Concat(drift.Suspects)
                    .ToHashSet();
            if (ids is { Count: 0 } && drift is { Observed.Count: 0, HasBarrierMoved: false } && _ports.Due().Count == 0)
            {
                return new(IsComplete: true);
            }

            var outcome = ids is { Count: 0 } ? new Outcome() : await ReconcileAsync(db, term, ids, drift, cancellationToken);
            outcome.HvCfg = drift.HasBarrierMoved || isFull ? nb.HvCfg : null;
            if (outcome.Brake is { } brake)
            {
                Keep(drift.Suspects, drift.Observed);
                await leadership.BrakeAsync(term, brake, cancellationToken);
                LogBraked(brake.Message, brake.Id);
                return new(IsBraked: true);
            }

            Keep(outcome.Again, []);
            outcome.Sightings.AddRange(Look(drift.Observed, isFull ? outcome.Desired : null));
            await RecordAsync(db, outcome, term, isFull, start, cancellationToken);
            ReconcilerMetrics.Passes.Add(1, new KeyValuePair<string, object?>("full", isFull));
            ReconcilerMetrics.Duration.Record(time.GetElapsedTime(start).TotalSeconds);
            return new(
                IsComplete: outcome.Again.Count == 0 && nb.IsSynced,
                HasMore: ids?.Count >= options.PassSize || outcome.Again.Count > 0
            );
        }
        catch
        {
            Keep(drift.Suspects, drift.Observed);
            throw;
        }
    }

    private async Task<Outcome> ReconcileAsync(
        NestDb db,
        Term term,
        IReadOnlyCollection<Guid>? ids,
        NorthboundDrift drift,
        CancellationToken cancellationToken
    )
    {
        if (ids is null)
        {
            await Barriers.RepairAsync(db, nb, mayWrite: term.Mode == ReconcilerMode.Repair, cancellationToken);
        }

        var desired = await DesiredState.ReadAsync(db, ids, cancellationToken);
        var view = new NorthboundView(nb.Copy, nb.Ownership, isThorough: ids is null || drift.Suspects.Count > 0);
        var strays = ids is null ? Strays(desired, view) : [];
        var rivals = await RivalsAsync(db, desired, view, isFull: ids is null, cancellationToken);
        var draft = PassPlan.Of(desired, view, nb.Ownership, strays, o =>
            ids is not null && _contention.Has(o.Object.Id) ? Fight : rivals(o)
        );
        if (term.Mode != ReconcilerMode.Repair)
        {
            LogObserved(draft.Plans.Count(plan => !plan.IsEmpty));
            return new() { Desired = desired };
        }
        if (Brake.For(draft.Plans, view) is { } brake && brake.Id != term.ReleasedBrake)
        {
            return new() { Brake = brake };
        }

        var releasing = desired.Draining.Select(lease => new OwnerRef(OwnerKind.Container, lease.ContainerId)).ToHashSet();
        var delivery = new Delivery(nb, options, _echoes, draft, releasing);
        await delivery.SendAsync(cancellationToken);
        ReconcilerMetrics.Operations.Add(delivery.Operations);
        ReconcilerMetrics.Refusals.Add(delivery.Refused.Count);
        foreach (var (refused, error) in delivery.Refused.Take(1))
        {
            LogRefused(delivery.Refused.Count, refused.Kind, refused.Id, error);
        }

        var drifted = delivery.Done.Where(o => desired.Subjects.TryGetValue(o, out var recorded) && !recorded.IsAsked).ToList();
        if (drifted.Count > 0)
        {
            LogRepaired(drifted.Count, drifted[0].Kind, drifted[0].Id);
        }

        return new()
        {
            Desired = desired,
            Operations = delivery.Operations,
            Verdicts = [.. Judge(draft, delivery, isFull: ids is null)],
            Again =
            [
                .. draft
                    .Plans.Where(plan =>
                        !plan.IsEmpty && !delivery.Done.Contains(plan.Object) && !delivery.Refused.ContainsKey(plan.Object)
                    )
                    .Select(plan => plan.Object.Id),
            ],
            Drained = await DrainAsync(desired, delivery, cancellationToken),
        };
    }

    private IEnumerable<ReconcileResult> Judge(PassPlan draft, Delivery delivery, bool isFull)
    {
        var now = new NorthboundView(nb.Copy, nb.Ownership, isThorough: false);
        foreach (var plan in draft.Plans)
        {
            if (!draft.Desired.Subjects.TryGetValue(plan.Object, out var recorded))
            {
                continue;
            }

            if (delivery.Refused.TryGetValue(plan.Object, out var error))
            {
                yield return new(plan.Object, recorded, now.HasRows(plan.Object), Obstacle.Rejected(error), IsPaced: true);
            }
            else if (!plan.IsEmpty && !delivery.Done.Contains(plan.Object))
            {
                continue;
            }
            else if (IsContended(plan, recorded, isFull))
            {
                yield return new(plan.Object, recorded, now.HasRows(plan.Object), Fight);
            }
            else if (plan.Kept is { } kept)
            {
                yield return new(plan.Object, recorded, now.HasRows(plan.Object), kept, IsPaced: true);
            }
            else
            {
                yield return new(plan.Object, recorded, draft.IsWanted(plan.Object));
            }
        }
    }

    private bool IsContended(ResourcePlan plan, RecordedState recorded, bool isFull)
    {
        var id = plan.Object.Id;
        if (plan.IsEmpty && isFull)
        {
            _contention.Clear(id);
        }

        if (plan.IsEmpty || recorded.IsAsked)
        {
            return _contention.Has(id);
        }

        ReconcilerMetrics.Repairs.Add(1);
        return _contention.Note(id);
    }

    /// <summary>Rows of ours that belong to nobody: they go when they have been seen in two comparisons.</summary>
    private List<OwnerRef> Strays(DesiredState desired, NorthboundView view)
    {
        _contention.Prune();
        var known = desired.Subjects.Keys.Select(o => o.Id).ToHashSet();
        var strays = view.Owners().Where(owner => !known.Contains(owner.Id)).ToHashSet();
        var twice = strays.Where(_strays.Contains).ToList();
        _strays = strays;
        return twice;
    }

    /// <summary>What tells whether a container's tag is borne by somebody else below the same parent.</summary>
    private static async Task<Func<WantedResource, Obstacle?>> RivalsAsync(
        NestDb db,
        DesiredState desired,
        NorthboundView view,
        bool isFull,
        CancellationToken cancellationToken
    )
    {
        // A rival that is a known object of ours has drifted, or is about to go: it is repaired itself.
        var suspicious = new List<(Guid Container, Row Rival, Guid? Owner)>();
        foreach (var c in desired.Containers.Values.Where(c => c.IsWanted))
        {
            foreach (var rival in view.RivalsOf(c, desired.Vms[c.VmId ?? default].PortName))
            {
                if (rival.Owner is not { } owner || !desired.Containers.ContainsKey(owner))
                {
                    suspicious.Add((c.Id, rival.Row, rival.Owner));
                }
            }
        }

        var owners = suspicious.Select(s => s.Owner).OfType<Guid>().Distinct().ToList();
        var known =
            owners.Count == 0 || isFull
                ? []
                : (await db.Containers.Where(c => owners.Contains(c.Id)).Select(c => c.Id).ToListAsync(cancellationToken)).ToHashSet();
        var conflicts = suspicious.Where(s => s.Owner is not { } owner || !known.Contains(owner)).ToLookup(s => s.Container, s => s.Rival);
        return o =>
            conflicts[o.Object.Id].FirstOrDefault() is { } rival
                ? new Obstacle(
                    Reason.TagConflict,
                    $"Port {rival["name"].AsOptionalString()} ({rival.Uuid}) of the same VM has the tag, and is not ours."
                )
                : null;
    }

    /// <summary>The released tags that the NB is without now, and the <c>nb_cfg</c> that proves it.</summary>
    private async Task<Dictionary<Guid, long>> DrainAsync(DesiredState desired, Delivery delivery, CancellationToken cancellationToken)
    {
        var (drained, bare) = (new Dictionary<Guid, long>(), new List<Guid>());
        foreach (var lease in desired.Draining)
        {
            var container = new OwnerRef(OwnerKind.Container, lease.ContainerId);
            if (
                nb.Copy.WithTag(desired.Vms[lease.VmId].PortName, lease.Tag).Any()
                || nb.Copy.OfObject(Tables.SwitchPort, container.Id).Any(row => row["tag"] == lease.Tag || row["tag_request"] == lease.Tag)
            )
            {
                continue;
            }
            if (delivery.NbCfg.TryGetValue(container, out var number))
            {
                drained[lease.Id] = number;
            }
            else
            {
                bare.Add(lease.Id);
            }
        }

        // Their rows went some other way: by northd, by somebody's hand, or never were. One barrier serves all.
        if (bare.Count > 0 && nb.IsSynced && await nb.TransactAsync([], counts: true, cancellationToken) is { NbCfg: { } barrier })
        {
            bare.ForEach(lease => drained[lease] = barrier);
        }

        return drained;
    }

    private List<PortObservation> Look(IEnumerable<Guid> observed, DesiredState? all)
    {
        var ids = observed.Concat(_ports.Due()).ToHashSet();
        var sightings = new List<PortObservation>();
        foreach (var (port, recorded) in all?.Subjects.Where(s => s.Key.Kind is OwnerKind.Vm or OwnerKind.Container) ?? [])
        {
            if (
                !ids.Contains(port.Id)
                && See(port.Id) is var (isUp, tag)
                && (isUp != recorded.Up || (port.Kind == OwnerKind.Container && tag != recorded.ObservedTag))
            )
            {
                ids.Add(port.Id);
            }
        }

        foreach (var id in ids)
        {
            var (isUp, tag) = See(id);
            sightings.Add(new(id, _ports.See(id, isUp), tag));
        }
        return sightings;
    }

    private (bool IsUp, int? Tag) See(Guid id)
    {
        var rows = nb.Copy.OfObject(Tables.SwitchPort, id);
        return (rows.Any(row => row["up"].AsOptionalBoolean() == true), (int?)rows.FirstOrDefault()?["tag"].AsOptionalInteger());
    }

    private async Task RecordAsync(NestDb db, Outcome outcome, Term term, bool isFull, long start, CancellationToken cancellationToken)
    {
        var news = outcome.Verdicts.Where(verdict => !verdict.IsKnown).ToList();
        if (news.Count == 0 && outcome.Sightings.Count == 0 && outcome.Drained.Count == 0 && outcome.HvCfg is null && !isFull)
        {
            return;
        }

        var awaiting = outcome.HvCfg is null
            ? []
            : await db
                .VlanLeases.Where(l => l.State == LeaseState.Draining && l.AwaitsAllChassis && l.DrainNbCfg <= outcome.HvCfg)
                .Select(l => l.VmId)
                .ToListAsync(cancellationToken);
        var drained = outcome.Desired?.Draining.Where(lease => outcome.Drained.ContainsKey(lease.Id)).Select(lease => lease.VmId) ?? [];
        var vms = outcome
            .Verdicts.Where(v => v.Recorded.IsDeleting)
            .Select(v => v.Recorded.VmId)
            .OfType<Guid>()
            .Concat(drained)
            .Concat(awaiting)
            .ToHashSet();
        var settlesNetworks = outcome.Verdicts.Any(v => v.Recorded.IsDeleting && v.Object.Kind is OwnerKind.Network or OwnerKind.Router);
        var problem = await transactions.RunAsync(
            db,
            async ct =>
            {
                await PassRecords.LockAsync(
                    db,
                    [.. vms, .. news.Select(verdict => verdict.Object.Id), .. outcome.Sightings.Select(sighting => sighting.Id)],
                    ct
                );
                await PassRecords.WriteAsync(db, news, ct);
                await PassRecords.WakeDependentsAsync(db, news, ct);
                var seen = await PassRecords.WriteAsync(db, outcome.Sightings, ct);
                await PassRecords.WriteAsync(db, outcome.Drained, ct);
                if (outcome.HvCfg is { } hvCfg)
                {
                    await db.Database.ExecuteSqlAsync($"UPDATE leader SET hv_cfg = {hvCfg} WHERE hv_cfg IS DISTINCT FROM {hvCfg}", ct);
                }

                if (vms.Count > 0)
                {
                    await settlement.SettleAsync(db, vms, ct);
                }

                if (settlesNetworks)
                {
                    await Settlement.SettleNetworksAsync(db, ct);
                }

                var touched = news.Select(verdict => verdict.Object.Id).Concat(seen).ToHashSet();
                if (touched.Count > 0)
                {
                    await Readiness.EvaluateAsync(db, touched, ct);
                }

                var summary = new PassSummary(
                    isFull,
                    news.Count,
                    outcome.Operations,
                    Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 1)
                );
                await leadership.FinishAsync(db, term, summary, ct);
                return null;
            },
            cancellationToken
        );
        if (problem is not null)
        {
            throw new InvalidOperationException($"What the pass did could not be recorded: {problem.Detail}");
        }

        signals.Written(db);
    }

    private NorthboundDrift TakeDrift()
    {
        _echoes.Age();
        var drift = _left ?? new(nb.Ownership, _echoes);
        _left = null;
        foreach (var change in nb.TakeChanges())
        {
            drift.Add(change);
        }

        return drift;
    }

    private void Keep(IEnumerable<Guid> suspects, IEnumerable<Guid> observed) =>
        (_left ??= new(nb.Ownership, _echoes)).AddAgain(suspects, observed);

    private static Obstacle Fight { get; } = new(Reason.Contended, "Somebody else keeps changing the rows in the northbound database.");

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Repaired the rows of {Count} objects though nobody had asked for a change, of {Kind} {Id} for one"
    )]
    private partial void LogRepaired(int count, OwnerKind kind, Guid id);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The northbound database refused the rows of {Count} objects, of {Kind} {Id} for one: {Error}"
    )]
    private partial void LogRefused(int count, OwnerKind kind, Guid id, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Braked: {Message} Release {Brake} to go on")]
    private partial void LogBraked(string message, string brake);

    [LoggerMessage(Level = LogLevel.Information, Message = "Observing: {Count} objects differ from the northbound database")]
    private partial void LogObserved(int count);

    /// <summary>What a pass found, did, and has to record.</summary>
    private sealed class Outcome
    {
        public DesiredState? Desired { get; init; }

        public Brake? Brake { get; init; }

        public int Operations { get; init; }

        public IReadOnlyList<ReconcileResult> Verdicts { get; init; } = [];

        public IReadOnlyList<Guid> Again { get; init; } = [];

        public Dictionary<Guid, long> Drained { get; init; } = [];

        public long? HvCfg { get; set; }

        public List<PortObservation> Sightings { get; } = [];
    }
}

/// <summary>How a pass ended.</summary>
/// <param name="IsComplete">All that was to be looked at is dealt with.</param>
/// <param name="HasMore">There is more to do at once.</param>
/// <param name="IsBraked">Nothing was done, because it would have been too much.</param>
internal readonly record struct PassReport(bool IsComplete = false, bool HasMore = false, bool IsBraked = false);
