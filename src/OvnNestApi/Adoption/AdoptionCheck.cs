using OvnNestApi.Northbound;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>
/// Checks that the reconciler will complete the adopted rows and change nothing that they have: it compares the rows that the written
/// resources will want with the rows as they are.
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
        return Problem.Join(
            owners
                .Select(pair => (Item: pair.Key, Errors: Check(pair.Key.Adopts ?? new(Guid.Empty, null), plan.Wanted(pair.Value))))
                .Where(checkedItem => checkedItem.Errors.Count > 0)
                .Select(checkedItem => Problem.NotAdoptable(checkedItem.Errors).Below(checkedItem.Item.At))
        );
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
