using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Sends the plans of a pass to the NB, many resources in one transaction. If the NB rejects a transaction, its resources are sent in
/// smaller ones, so that one rejected resource does not hold up the others.
/// </summary>
internal sealed class Delivery(NorthboundDb nb, ReconcilerOptions options, RecentWrites recentWrites, PassPlan plan)
{
    private readonly HashSet<OwnerRef> _draining =
    [
        .. plan.Desired.Draining.Select(lease => new OwnerRef(OwnerKind.Container, lease.ContainerId)),
    ];

    /// <summary>Resources whose plan was committed.</summary>
    public HashSet<OwnerRef> Applied { get; } = [];

    /// <summary>Resources whose plan the NB rejected, with the error message.</summary>
    public Dictionary<OwnerRef, string> Errors { get; } = [];

    /// <summary>For containers that release a tag: the <c>nb_cfg</c> of the transaction that removed their rows.</summary>
    public Dictionary<OwnerRef, long> NbCfg { get; } = [];

    /// <summary>Number of committed operations.</summary>
    public int Operations { get; private set; }

    /// <summary>
    /// True if the plan was committed or rejected. False if it was not sent, its outcome is unknown, or rows have changed in the meantime;
    /// then the resource must be planned again.
    /// </summary>
    public bool IsFinished(OwnerRef owner) => Applied.Contains(owner) || Errors.ContainsKey(owner);

    /// <summary>Sends all plans that are not empty. Ends early if the connection is lost.</summary>
    /// <exception cref="FenceFallenException">Another process is the leader, or the NB was replaced.</exception>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var batch in Batches())
            {
                if (!await SendAsync(batch, cancellationToken))
                {
                    return;
                }
            }
        }
        catch (OvsdbNotConnectedException)
        {
            // The next connection loads the replica again, and then all resources are compared.
        }
    }

    private IEnumerable<List<ResourcePlan>> Batches()
    {
        var rest = plan.Plans.Where(resource => !resource.IsEmpty).ToList();
        while (rest.Count > 0)
        {
            var (batch, later, ports) = (new List<ResourcePlan>(), new List<ResourcePlan>(), new Dictionary<RowRef, int>());
            foreach (var resource in rest)
            {
                var parents = resource.Attach.Concat(resource.Detach).Select(port => port.Parent).ToList();
                if (
                    batch.Count >= options.ObjectsPerTransaction
                    // A switch or router can be deleted only after all its ports.
                    || (later.Count > 0 && resource.Deletes.Count > 0)
                    || parents.Any(parent => ports.GetValueOrDefault(parent) >= options.PortsPerSwitch)
                )
                {
                    later.Add(resource);
                    continue;
                }

                batch.Add(resource);
                foreach (var parent in parents)
                {
                    ports[parent] = ports.GetValueOrDefault(parent) + 1;
                }
            }

            yield return batch;
            rest = later;
        }
    }

    /// <summary>Sends one batch. Returns false if the connection was lost.</summary>
    private async Task<bool> SendAsync(List<ResourcePlan> batch, CancellationToken cancellationToken)
    {
        var ops = NorthboundTransaction.Of(batch);
        var outcome = await TransactAsync(batch, ops, cancellationToken);
        switch (outcome)
        {
            case Committed:
                return true;
            case Rejected when batch.Count > 1:
                var half = batch.Count / 2;
                return await SendAsync(batch[..half], cancellationToken) && await SendAsync(batch[half..], cancellationToken);
            case Rejected { Error.Error: OvsdbError.DuplicateUuid }:
                return await AdoptAsync(batch[0], cancellationToken);
            case Rejected rejected:
                Reject(batch[0], ops, rejected);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Sends the plan of a resource again after reading its missing rows from the NB: a row exists that the replica does not contain,
    /// because another client has removed its owner mark.
    /// </summary>
    private async Task<bool> AdoptAsync(ResourcePlan resource, CancellationToken cancellationToken)
    {
        var missing = plan.Wanted(resource.Owner)
            .Rows.Select(row => row.Ref)
            .Where(row => nb.Replica.Find(row.Table, row.Uuid) is null)
            .ToList();
        var view = new NorthboundView(nb.Replica, nb.Ownership, isThorough: true);
        var repair = plan.PlanAgain(resource.Owner, view, await nb.ReadAsync(missing, cancellationToken));
        if (repair.IsEmpty)
        {
            return true;
        }

        var ops = NorthboundTransaction.Of([repair]);
        var outcome = await TransactAsync([repair], ops, cancellationToken);
        if (outcome is Rejected rejected)
        {
            Reject(repair, ops, rejected);
        }

        return outcome is Committed or Rejected;
    }

    private async Task<TransactOutcome> TransactAsync(List<ResourcePlan> batch, IReadOnlyList<Op> ops, CancellationToken cancellationToken)
    {
        var (outcome, nbCfg) = await nb.TransactAsync(ops, batch.Any(ReleasesTag), cancellationToken);
        switch (outcome)
        {
            case Committed committed:
                Commit(batch, ops, committed, nbCfg);
                break;
            // The error concerns the server, not a resource.
            case Rejected { Error.Error: OvsdbError.IoError or OvsdbError.ResourcesExhausted } failed:
                throw new IOException($"The northbound database cannot store data: {failed.Error}");
        }

        return outcome;
    }

    private void Commit(List<ResourcePlan> batch, IReadOnlyList<Op> ops, Committed committed, long? nbCfg)
    {
        Operations += ops.Count;
        // OVSDB reports success with count 0 if a row was deleted after the plan was made. Then the batch must be planned again.
        var isWhole = !ops.Zip(committed.Results).Any(pair => pair is { First: UpdateOp or MutateOp or DeleteOp, Second.Count: 0 });
        foreach (var resource in batch)
        {
            foreach (var row in resource.Removed)
            {
                recentWrites.Add(row, null);
            }

            foreach (var row in plan.Wanted(resource.Owner).Rows)
            {
                recentWrites.Add(row.Ref, row);
            }

            if (!isWhole)
            {
                continue;
            }

            Applied.Add(resource.Owner);
            if (nbCfg is { } value && ReleasesTag(resource))
            {
                NbCfg[resource.Owner] = value;
            }
        }
    }

    private void Reject(ResourcePlan resource, IReadOnlyList<Op> ops, Rejected rejected)
    {
        // The fence is the first operation of the transaction.
        var index = rejected.OpIndex - 1;
        var guard = index >= 0 && index < ops.Count ? ops[index] as WaitOp : null;
        Errors[resource.Owner] =
            rejected.Error.Error == OvsdbError.TimedOut
                ? $"A row that the resource needs does not exist or has changed: {guard?.Table} {guard?.Where[0].Value}."
                : rejected.Error.ToString();
    }

    private bool ReleasesTag(ResourcePlan resource) => resource.Removed.Count > 0 && _draining.Contains(resource.Owner);
}
