using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Carries plans into the NB: many objects in one transaction, and those that it refuses one by one.</summary>
internal sealed class Delivery(
    NorthboundDb nb,
    ReconcilerOptions options,
    RecentWrites echoes,
    PassPlan draft,
    IReadOnlySet<OwnerRef> releasing
)
{
    /// <summary>Objects whose plan is carried out.</summary>
    public HashSet<OwnerRef> Done { get; } = [];

    /// <summary>What the server said to an object alone.</summary>
    public Dictionary<OwnerRef, string> Refused { get; } = [];

    /// <summary>The <c>nb_cfg</c> of the transaction that an object's rows went with, for objects that release a tag.</summary>
    public Dictionary<OwnerRef, long> NbCfg { get; } = [];

    /// <summary>Objects of which it is not known what became, or whose rows changed meanwhile: to be looked at again.</summary>
    public HashSet<OwnerRef> Again { get; } = [];

    /// <summary>Operations that were committed.</summary>
    public int Operations { get; private set; }

    /// <summary>Sends what has to be done. Ends early when the link is lost: what was not sent is in none of the sets.</summary>
    /// <exception cref="FenceFallenException">Another leads, or the database was replaced.</exception>
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
            // The next connection loads the copy anew, and everything is compared.
        }
    }

    private IEnumerable<List<ResourcePlan>> Batches()
    {
        var rest = draft.Plans.Where(plan => !plan.IsEmpty).ToList();
        while (rest.Count > 0)
        {
            var (batch, later, ports) = (new List<ResourcePlan>(), new List<ResourcePlan>(), new Dictionary<RowRef, int>());
            foreach (var plan in rest)
            {
                var parents = plan.Attach.Concat(plan.Detach).Select(m => m.Parent);
                // A switch goes last, when nothing is left to be taken out of it.
                if (
                    batch.Count >= options.ObjectsPerTransaction
                    || (later.Count > 0 && plan.Deletes.Count > 0)
                    || parents.Any(parent => ports.GetValueOrDefault(parent) >= options.PortsPerSwitch)
                )
                {
                    later.Add(plan);
                    continue;
                }
                batch.Add(plan);
                foreach (var parent in parents)
                {
                    ports[parent] = ports.GetValueOrDefault(parent) + 1;
                }
            }
            yield return batch;
            rest = later;
        }
    }

    /// <summary>False: the link is lost.</summary>
    private async Task<bool> SendAsync(List<ResourcePlan> batch, CancellationToken cancellationToken, bool isSecond = false)
    {
        var ops = NorthboundTransaction.Of(batch);
        var (outcome, nbCfg) = await nb.TransactAsync(ops, batch.Any(Releases), cancellationToken);
        switch (outcome)
        {
            case Committed committed:
                Settle(batch, ops, committed, nbCfg);
                return true;
            case Rejected { Error.Error: OvsdbError.IoError or OvsdbError.ResourcesExhausted } full:
                throw new IOException($"The northbound database cannot store anything: {full.Error}"); // no object's fault
            case Rejected when batch.Count > 1:
                return await SendAsync(batch[..(batch.Count / 2)], cancellationToken)
                    && await SendAsync(batch[(batch.Count / 2)..], cancellationToken);
            case Rejected { Error.Error: OvsdbError.DuplicateUuid } when !isSecond:
                return await AdoptAsync(batch[0], cancellationToken);
            case Rejected { Error.Error: OvsdbError.TimedOut } rejected:
                var guard = rejected.OpIndex > 0 && rejected.OpIndex <= ops.Count ? ops[rejected.OpIndex - 1] as WaitOp : null;
                Refused[batch[0].Object] = $"A row that it needs is not there, or has changed: {guard?.Table} {guard?.Where[0].Value}.";
                return true;
            case Rejected rejected:
                Refused[batch[0].Object] = rejected.Error.ToString();
                return true;
            default:
                Again.UnionWith(batch.Select(plan => plan.Object));
                return false;
        }
    }

    private bool Releases(ResourcePlan plan) => plan.Removed.Count > 0 && releasing.Contains(plan.Object);

    /// <summary>The row is there, and the copy does not know it: somebody has taken its mark away.</summary>
    private async Task<bool> AdoptAsync(ResourcePlan plan, CancellationToken cancellationToken)
    {
        var view = new NorthboundView(nb.Copy, nb.Ownership, isThorough: true);
        var missing = draft
            .Wanted(plan.Object)
            .Rows.Select(row => row.Ref)
            .Where(row => nb.Copy.Find(row.Table, row.Uuid) is null)
            .ToList();
        var again = draft.Again(plan.Object, view, await nb.ReadAsync(missing, cancellationToken));
        return again.IsEmpty || await SendAsync([again], cancellationToken, isSecond: true);
    }

    private void Settle(List<ResourcePlan> batch, IReadOnlyList<Op> ops, Committed committed, long? nbCfg)
    {
        Operations += ops.Count;
        // Nothing matched: the row went while we planned. No error to the server, but nothing stored either.
        var isWhole = !ops.Zip(committed.Results).Any(pair => pair is { First: UpdateOp or MutateOp or DeleteOp, Second.Count: 0 });
        foreach (var plan in batch)
        {
            (isWhole ? Done : Again).Add(plan.Object);
            foreach (var row in plan.Removed)
            {
                echoes.Note(row, null);
            }

            foreach (var row in draft.Wanted(plan.Object).Rows)
            {
                echoes.Note(row.Ref, row);
            }

            if (isWhole && nbCfg is { } number && Releases(plan))
            {
                NbCfg[plan.Object] = number;
            }
        }
    }
}
