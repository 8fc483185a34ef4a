using OvnNestApi.Allocation;
using OvnNestApi.Northbound;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>
/// Checks that the reconciler will complete the adopted rows and change nothing that they have: it compares the rows that the written
/// resources will want with the rows as they are. Then it records what others use in adopted VMs.
/// </summary>
internal sealed class AdoptionCheck(NestDb db, ReconciledKinds kinds, Survey survey, Ownership ownership)
{
    /// <summary>Checks the resources of a write, within its transaction.</summary>
    /// <returns>409 <c>not-adoptable</c> with the differences of all rows; null if there are none.</returns>
    public async Task<Problem?> RunAsync(IReadOnlyList<WriteItem> written, CancellationToken cancellationToken)
    {
        var owners = new Dictionary<WriteItem, OwnerRef>();
        foreach (var item in written.Where(item => item.Adopts is not null))
        {
            owners[item] = new(Enum.Parse<OwnerKind>(item.Kind.Name, ignoreCase: true), item.Resource?.Id ?? Guid.Empty);
        }

        var desired = await DesiredState.ReadAsync(db, kinds, [.. owners.Values.Select(owner => owner.Id)], cancellationToken);
        var view = new NorthboundView(survey.Content.Replica, ownership, isThorough: true);
        var adopted = owners.Keys.Select(item => item.Adopts?.Row ?? Guid.Empty).ToHashSet();
        var plan = PassPlan.Create(
            desired,
            view,
            ownership,
            network => view.Existing(network, used => survey.Content.ForeignDhcpOf(used, adopted)),
            [],
            _ => null
        );
        var problem = Problem.Join(
            owners
                .Select(pair => (Item: pair.Key, Errors: Check(pair.Key.Adopts ?? new(Guid.Empty, null), plan.Wanted(pair.Value))))
                .Where(checkedItem => checkedItem.Errors.Count > 0)
                .Select(checkedItem => Problem.NotAdoptable(checkedItem.Errors).Below(checkedItem.Item.At))
        );
        if (problem is null)
        {
            await RecordTagsAsync(adopted, cancellationToken);
        }

        return problem;
    }

    /// <summary>
    /// Records the tags of the ports that stay those of others in the ports of adopted VMs. The observation of changes in the NB does not
    /// find them, because only the owner of their parent changes.
    /// </summary>
    private Task RecordTagsAsync(HashSet<Guid> adopted, CancellationToken cancellationToken)
    {
        var parents = survey.Ports.Where(port => adopted.Contains(port.Row.Uuid) && port.ParentName is null).Select(port => port.PortName);
        var names = parents.ToHashSet();
        var shown = survey
            .Ports.Where(port => !adopted.Contains(port.Row.Uuid) && port.ParentName is { } parent && names.Contains(parent))
            .SelectMany(port => port.Row.Tags().Select(tag => ForeignUse.Used(port.ParentName ?? "", tag, port.Row)))
            .Where(tag => tag.Tag is >= VlanRanges.Lowest and <= VlanRanges.Highest)
            .DistinctBy(tag => (tag.Parent, tag.Tag))
            .ToList();
        return ForeignTags.RecordAsync(db, shown, [], 0, cancellationToken);
    }

    private List<FieldError> Check(AdoptedRows adopted, WantedResource wanted)
    {
        if (wanted.Obstacle is { } obstacle)
        {
            return [new("#/spec", obstacle.Message)];
        }

        if (wanted.Rows.Count == 0)
        {
            return [new("#/name", "a former resource of this name, or of its VM or network, is still being deleted")];
        }

        List<FieldError> errors = [.. survey.BlockingDefects(adopted.Row).Select(defect => new FieldError("#/row", defect.Detail))];
        if (errors.Count > 0)
        {
            return errors;
        }

        errors.AddRange(Check(adopted.Row, "#/row", wanted));
        if (adopted.Dhcp is { } dhcp)
        {
            errors.AddRange(Check(dhcp, "#/dhcpRow", wanted));
        }

        return errors;
    }

    private IEnumerable<FieldError> Check(Guid uuid, string pointer, WantedResource wanted)
    {
        if (wanted.Rows.FirstOrDefault(row => row.Ref.Uuid == uuid) is not { } row)
        {
            return [new(pointer, "the resource needs no such row")];
        }

        if (survey.Content.Replica.Find(row.Ref.Table, uuid) is not { } actual)
        {
            return [new(pointer, $"{row.Ref.Table} has no row {uuid}. Read the list again.")];
        }

        return NorthboundContent.IsMarked(actual)
            ? [new(pointer, "the row has an owner mark of this service already")]
            : RowDifferences.Of(row, actual, survey.Content.SwitchesOf(uuid).ToList());
    }
}
