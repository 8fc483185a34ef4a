using System.Text.Json;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Changes;

/// <summary>A page of changes.</summary>
/// <param name="Items">Changes in the order in which they were committed.</param>
/// <param name="Next">Cursor for the next page. Always present, also if the page is empty.</param>
public sealed record ChangeList(IReadOnlyList<ChangeView> Items, string Next);

/// <summary>A change of a resource: client, action, and fields before and after.</summary>
/// <param name="Cursor">Position after this change.</param>
/// <param name="At">Time of the change, by the database's clock.</param>
/// <param name="By">Author of the change: key:NAME, host:NAME, reconciler or command.</param>
/// <param name="RequestId">Id of the request; absent if no request caused the change.</param>
/// <param name="Kind">Kind of the resource.</param>
/// <param name="Vm">Name of the VM that contains the resource; absent for resources outside VMs.</param>
/// <param name="Name">Name of the resource.</param>
/// <param name="Id">Id of the resource.</param>
/// <param name="Action">created, updated, deleting, forced, deleted or status.</param>
/// <param name="Before">Writable fields before the change; absent for a creation.</param>
/// <param name="After">Writable fields after the change; absent for a deletion.</param>
public sealed record ChangeView(
    string Cursor,
    DateTimeOffset At,
    string By,
    string? RequestId,
    string Kind,
    string? Vm,
    string Name,
    Guid Id,
    string Action,
    JsonElement? Before,
    JsonElement? After
)
{
    internal static ChangeView Of(Change change, string epoch) =>
        new(
            new ChangeCursor(epoch, change.Number).ToString(),
            change.At,
            change.By,
            change.RequestId,
            change.Kind,
            change.Vm,
            change.Name,
            change.ObjectId,
            change.Action,
            change.Before is null ? null : JsonElement.Parse(change.Before),
            change.After is null ? null : JsonElement.Parse(change.After)
        );
}
