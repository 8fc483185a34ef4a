using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// A pass compares the desired state with the NB, for dirty and drifted resources or for all, repairs the differences and records the
/// outcome. One instance runs all passes of one term, because it keeps what earlier passes have observed.
/// </summary>
internal sealed partial class Pass(
    NorthboundDb nb,
    Leadership leadership,
    IDbContextFactory<NestDb> databases,
    ReconciledKinds kinds,
    Backlog backlog,
    PassRecorder recorder,
    ReconcilerOptions options,
    TimeProvider time,
    ILogger<Pass> logger
)
{
    private readonly PendingDrift _drift = new(nb);
    private readonly Contention _contention = new(time, options.RepairsPerMinute);
    private readonly PortObserver _ports = new(nb, new(time, options.UpDebounce));
    private readonly Strays _strays = new();

    /// <summary>Time until the state of a port has to be recorded; null if no port is waiting.</summary>
    public TimeSpan? NextIn => _ports.NextIn;

    /// <summary>True if a rejected resource waits for its next try.</summary>
    public bool AwaitsRetry { get; private set; }

    /// <summary>Runs one pass.</summary>
    /// <param name="isFull">True to compare all resources.</param>
    /// <exception cref="DeposedException">PostgreSQL names another leader.</exception>
    /// <exception cref="FenceFallenException">The fence of another leader is in the NB, or the NB was replaced.</exception>
    public async Task<PassReport> RunAsync(Term term, bool isFull, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var drift = _drift.Take();
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var ids = isFull ? null : await SubjectsAsync(db, term, drift, cancellationToken);
            if (ids is { Count: 0 } && drift is { Observed.Count: 0, HasHvCfgChanged: false } && !_ports.HasDue)
            {
                return new(IsComplete: true);
            }

            var outcome = ids is { Count: 0 } ? new() : await ReconcileAsync(db, term, ids, drift, cancellationToken);
            if (outcome.Brake is { } brake)
            {
                _drift.PutBack(drift.Suspects, drift.Observed);
                await leadership.BrakeAsync(term, brake, cancellationToken);
                LogBraked(brake.Message, brake.Id);
                return new(IsBraked: true);
            }

            _drift.PutBack(outcome.Unfinished, []);
            await RecordAsync(db, term, outcome with { IsFull = isFull, StartedAt = start }, drift, cancellationToken);
            return new(
                IsComplete: outcome.Unfinished.Count == 0 && nb.IsSynced,
                HasMore: ids?.Count >= options.PassSize || outcome.Unfinished.Count > 0
            );
        }
        catch
        {
            _drift.PutBack(drift.Suspects, drift.Observed);
            throw;
        }
    }

    /// <summary>Returns the ids of the resources to compare: dirty ones, and those whose rows another client has changed.</summary>
    private async Task<HashSet<Guid>> SubjectsAsync(NestDb db, Term term, NorthboundDrift drift, CancellationToken cancellationToken)
    {
        if (term.Mode != ReconcilerMode.Repair)
        {
            return [];
        }

        if (drift.ForeignRouters.Count > 0)
        {
            drift.Suspects.UnionWith(await backlog.UsersOfAsync(db, drift.ForeignRouters, cancellationToken));
        }

        var found = await backlog.ReadAsync(db, options.PassSize, drift.HasForeignChange, cancellationToken);
        AwaitsRetry = found.Contains(null);
        return [.. found.OfType<Guid>(), .. drift.Suspects];
    }

    private async Task<PassOutcome> ReconcileAsync(
        NestDb db,
        Term term,
        IReadOnlyCollection<Guid>? ids,
        NorthboundDrift drift,
        CancellationToken cancellationToken
    )
    {
        var isFull = ids is null;
        if (isFull)
        {
            await Barriers.RepairAsync(db, nb, mayWrite: term.Mode == ReconcilerMode.Repair, cancellationToken);
        }

        var desired = await DesiredState.ReadAsync(db, kinds, ids, cancellationToken);
        var view = new NorthboundView(nb.Replica, nb.Ownership, isThorough: isFull || drift.Suspects.Count > 0);
        var strays = isFull ? _strays.Find(desired, view) : [];
        var conflicts = await TagConflicts.FindAsync(db, desired, view, isFull, cancellationToken);
        var plan = PassPlan.Create(desired, view, nb.Ownership, strays, ObstacleOf);
        if (term.Mode != ReconcilerMode.Repair)
        {
            LogObserved(plan.Plans.Count(resource => !resource.IsEmpty));
            return new() { Desired = desired };
        }

        return Brake.For(plan.Plans, view) is { } brake && brake.Id != term.ReleasedBrake
            ? new() { Brake = brake }
            : await DeliverAsync(plan, isFull, cancellationToken);

        Obstacle? ObstacleOf(OwnerRef owner)
        {
            if (!isFull && _contention.Has(owner.Id))
            {
                return Contention.Obstacle;
            }

            return conflicts.TryGetValue(owner.Id, out var conflict) ? conflict : null;
        }
    }

    private async Task<PassOutcome> DeliverAsync(PassPlan plan, bool isFull, CancellationToken cancellationToken)
    {
        var delivery = new Delivery(nb, options, _drift.RecentWrites, plan);
        await delivery.SendAsync(cancellationToken);
        Report(plan, delivery);
        return new()
        {
            Desired = plan.Desired,
            Operations = delivery.Operations,
            Results = PassResults.Of(plan, delivery, new(nb.Replica, nb.Ownership, isThorough: false), _contention, isFull),
            Unfinished =
            [
                .. plan
                    .Plans.Where(resource => !resource.IsEmpty && !delivery.IsFinished(resource.Owner))
                    .Select(resource => resource.Owner.Id),
            ],
            Drained = await DrainedTags.FindAsync(nb, plan.Desired, delivery, cancellationToken),
        };
    }

    private async Task RecordAsync(NestDb db, Term term, PassOutcome outcome, NorthboundDrift drift, CancellationToken cancellationToken)
    {
        var observed = outcome with
        {
            HvCfg = drift.HasHvCfgChanged || outcome.IsFull ? nb.HvCfg : null,
            Observations = _ports.Observe(drift.Observed, outcome.IsFull ? outcome.Desired : null),
        };
        await recorder.RecordAsync(db, term, observed, cancellationToken);
        ReconcilerMetrics.Passes.Add(1, new KeyValuePair<string, object?>("full", outcome.IsFull));
        ReconcilerMetrics.Duration.Record(time.GetElapsedTime(outcome.StartedAt).TotalSeconds);
    }

    /// <summary>Counts operations and rejections, and logs rejections and repaired drift.</summary>
    private void Report(PassPlan plan, Delivery delivery)
    {
        ReconcilerMetrics.Operations.Add(delivery.Operations);
        ReconcilerMetrics.Refusals.Add(delivery.Errors.Count);
        foreach (var (owner, error) in delivery.Errors.Take(1))
        {
            LogRefused(delivery.Errors.Count, owner.Kind, owner.Id, error);
        }

        var repaired = delivery
            .Applied.Where(owner => plan.Desired.Subjects.TryGetValue(owner, out var recorded) && !recorded.IsRequested)
            .ToList();
        if (repaired.Count > 0)
        {
            LogRepaired(repaired.Count, repaired[0].Kind, repaired[0].Id);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Repaired the rows of {Count} resources that had drifted, for example of {Kind} {Id}")]
    private partial void LogRepaired(int count, OwnerKind kind, Guid id);

    [LoggerMessage(LogLevel.Warning, "The northbound database rejected the rows of {Count} resources, for example of {Kind} {Id}: {Error}")]
    private partial void LogRefused(int count, OwnerKind kind, Guid id, string error);

    [LoggerMessage(LogLevel.Error, "The safety brake stopped a pass: {Message} To continue, release brake {Brake}")]
    private partial void LogBraked(string message, string brake);

    [LoggerMessage(LogLevel.Information, "Mode observe: {Count} resources differ from the northbound database")]
    private partial void LogObserved(int count);
}
