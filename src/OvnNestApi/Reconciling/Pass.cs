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
    IDbContextFactory<NestDb> databases,
    ReconciledKinds kinds,
    Backlog backlog,
    PassRecorder recorder,
    Foreigners foreigners,
    ReconcilerOptions options,
    TimeProvider time,
    ILogger<Pass> logger
)
{
    private readonly PendingDrift _drift = new(nb);
    private readonly Contention _contention = new(time, options.RepairsPerMinute);
    private readonly PortObserver _ports = new(nb, new(time, options.UpDebounce));
    private readonly Strays _strays = new(time);
    private readonly Brake _brake = new(time);
    private string? _recordedBrake;

    /// <summary>True if a full comparison can carry out what an earlier one could not.</summary>
    public bool IsFullDue => _brake.HasEased || _strays.AwaitConfirmation;

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
            foreigners.Ports.Apply(drift);
            _contention.AddChanges(drift.Suspects);
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var ids = isFull ? null : await SubjectsAsync(db, term, drift, cancellationToken);
            var hasNews = drift.Observed.Count > 0 || drift.HasHvCfgChanged || _ports.HasDue || foreigners.Use.HasNews(drift);
            if (ids is { Count: 0 } && !hasNews)
            {
                return new(IsComplete: true);
            }

            var outcome = await ReconcileAsync(db, term, ids, drift, cancellationToken);
            return await FinishAsync(db, term, outcome with { IsFull = isFull, StartedAt = start }, ids, drift, cancellationToken);
        }
        catch
        {
            _drift.PutBack(drift, []);
            throw;
        }
    }

    private async Task<PassReport> FinishAsync(
        NestDb db,
        Term term,
        PassOutcome outcome,
        HashSet<Guid>? ids,
        NorthboundDrift drift,
        CancellationToken cancellationToken
    )
    {
        if (outcome.MustRepeat)
        {
            _drift.PutBack(drift, [.. ids ?? [], .. outcome.Unfinished]);
            return new(HasMore: true);
        }

        await RecordAsync(db, term, outcome, drift, cancellationToken);
        _drift.PutBack(outcome.Unfinished, []);
        return new(
            IsComplete: outcome.Unfinished.Count == 0 && nb.IsSynced,
            HasMore: ids?.Count >= options.PassSize || outcome.Unfinished.Count > 0
        );
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

        var desired = ids is { Count: 0 } ? new() : await DesiredState.ReadAsync(db, kinds, ids, cancellationToken);
        var view = new NorthboundView(nb.Replica, nb.Ownership, isThorough: isFull || drift.Suspects.Count > 0);
        if (term.Mode != ReconcilerMode.Repair)
        {
            return isFull ? Compare(desired, view) : new();
        }

        var known = isFull ? desired.Resources.Keys.ToHashSet() : null;
        await foreigners.Ports.FollowAsync(desired.Networks, known, view, cancellationToken);
        var concerned = await foreigners.Use.RecordAsync(db, term, drift, known, cancellationToken);
        if (ids is not null && concerned.Except(ids).Any())
        {
            return new() { MustRepeat = true, Unfinished = [.. concerned] };
        }

        var conflicts = await Conflict.FindAsync(db, desired, view, foreigners.Ports, isFull, cancellationToken);
        if (await foreigners.Choices.ChooseAsync(db, term, desired, conflicts, cancellationToken))
        {
            return new() { MustRepeat = true };
        }

        var plan = Plan(desired, view, isFull, conflicts);
        plan = plan.Withhold(_brake.Evaluate(plan, view, isFull, term));
        return await DeliverAsync(plan, isFull, conflicts, cancellationToken);
    }

    private PassOutcome Compare(DesiredState desired, NorthboundView view)
    {
        LogObserved(Plan(desired, view, isFull: true, []).Plans.Count(resource => !resource.IsEmpty));
        return new() { Desired = desired };
    }

    private PassPlan Plan(DesiredState desired, NorthboundView view, bool isFull, Dictionary<Guid, Conflict> conflicts)
    {
        return PassPlan.Create(
            desired,
            view,
            nb.Ownership,
            network => foreigners.Ports.Existing(network, view),
            isFull ? _strays.Find(desired, view) : [],
            ObstacleOf
        );

        Obstacle? ObstacleOf(OwnerRef owner)
        {
            if (!isFull && _contention.Has(owner.Id))
            {
                return Contention.Obstacle;
            }

            return conflicts.TryGetValue(owner.Id, out var conflict) && !IsOnlyShown(conflict, desired.Port(owner.Id))
                ? conflict.Obstacle
                : null;
        }
    }

    // A row that others meet with their address keeps being maintained; a row that would meet theirs is not created.
    private bool IsOnlyShown(Conflict conflict, DesiredPort port) =>
        conflict.Obstacle.Cause == Reason.AddressConflict && nb.Replica.Find(Tables.SwitchPort, port.PortUuid) is not null;

    private async Task<PassOutcome> DeliverAsync(
        PassPlan plan,
        bool isFull,
        Dictionary<Guid, Conflict> conflicts,
        CancellationToken cancellationToken
    )
    {
        var delivery = new Delivery(nb, options, _drift.RecentWrites, plan);
        await delivery.SendAsync(cancellationToken);
        _brake.AddRepairs(plan.Plans.Where(resource => delivery.Applied.Contains(resource.Owner)));
        Report(plan, delivery);
        return new()
        {
            Desired = plan.Desired,
            Operations = delivery.Operations,
            Results = PassResults.Of(plan, delivery, new(nb.Replica, nb.Ownership, isThorough: false), _contention, isFull, RemarkOf),
            Unfinished =
            [
                .. plan
                    .Plans.Where(resource => !resource.IsEmpty && !delivery.IsFinished(resource.Owner))
                    .Select(resource => resource.Owner.Id),
            ],
            Drained = await DrainedTags.FindAsync(nb, plan.Desired, delivery, isFull, cancellationToken),
        };

        Obstacle? RemarkOf(OwnerRef owner) => conflicts.TryGetValue(owner.Id, out var conflict) ? conflict.Obstacle : null;
    }

    private async Task RecordAsync(NestDb db, Term term, PassOutcome outcome, NorthboundDrift drift, CancellationToken cancellationToken)
    {
        var observed = outcome with
        {
            HvCfg = drift.HasHvCfgChanged || outcome.IsFull ? nb.HvCfg : null,
            Observations = _ports.Observe(drift.Observed, outcome.IsFull ? outcome.Desired : null),
            Brake = _brake.State,
            UsedRelease = _brake.UsedRelease,
            HasNewBrake = _brake.State?.Id != _recordedBrake,
        };
        await recorder.RecordAsync(db, term, observed, cancellationToken);
        if (observed is { HasNewBrake: true, Brake: { } brake })
        {
            LogBraked(brake.Message, brake.Id);
        }

        _recordedBrake = observed.Brake?.Id;
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

    [LoggerMessage(LogLevel.Error, "The safety brake withholds changes: {Message} To carry them out, release brake {Brake}")]
    private partial void LogBraked(string message, string brake);

    [LoggerMessage(LogLevel.Information, "Mode observe: {Count} resources differ from the northbound database")]
    private partial void LogObserved(int count);
}
