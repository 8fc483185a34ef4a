using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>A wanted row. It contains only the columns that this service writes.</summary>
/// <param name="Ref">Table, and the UUID that was chosen for the row.</param>
/// <param name="Columns">Columns that this service writes as a whole.</param>
/// <param name="Keys">Map columns of which this service writes only these keys.</param>
/// <param name="Parent">Row whose <c>ports</c> must contain this one; null for a row of a root table.</param>
/// <param name="Needs">Other row that this row refers to and that must exist; null if there is none.</param>
public sealed record WantedRow(
    RowRef Ref,
    IReadOnlyList<KeyValuePair<string, OvsdbValue>> Columns,
    IReadOnlyList<WantedKeys> Keys,
    RowRef? Parent = null,
    RowRef? Needs = null
);

/// <summary>Keys of one map column.</summary>
/// <param name="Column">Column of type map of string to string.</param>
/// <param name="Pairs">Keys and values; a key with the value null must be absent.</param>
public readonly record struct WantedKeys(string Column, IReadOnlyList<KeyValuePair<string, string?>> Pairs);

/// <summary>Wanted rows of a resource.</summary>
/// <param name="Rows">Wanted rows; empty if the resource must have none.</param>
/// <param name="IsRequested">True if a difference results from a request through the API; false if it is drift.</param>
/// <param name="Obstacle">Why rows must be left as they are; null if all can be changed.</param>
/// <param name="Kept">The rows that must be left as they are because of the obstacle; null for all rows.</param>
public sealed record WantedResource(
    OwnerRef Owner,
    IReadOnlyList<WantedRow> Rows,
    bool IsRequested,
    Obstacle? Obstacle = null,
    IReadOnlyList<RowRef>? Kept = null
)
{
    /// <summary>True if an admin has requested to delete the rows together with what other clients have added to them.</summary>
    public bool IsForced { get; init; }
}

/// <summary>Why the rows of a resource are not as wanted.</summary>
/// <param name="Cause">
/// <see cref="Reason.Rejected"/>, <see cref="Reason.TagConflict"/>, <see cref="Reason.AddressConflict"/>, <see cref="Reason.Contended"/> or
/// <see cref="Reason.Braked"/>.
/// </param>
/// <param name="Message">A sentence, or the error of the server.</param>
public readonly record struct Obstacle(Reason Cause, string Message)
{
    /// <summary>Returns the obstacle that the rows cannot be written, or that the server rejects them.</summary>
    public static Obstacle Rejected(string message) => new(Reason.Rejected, message);
}

/// <summary>An actual row.</summary>
/// <param name="Ref">Table and UUID.</param>
/// <param name="Row">Columns.</param>
/// <param name="Parents">Rows whose <c>ports</c> contains this row; usually one.</param>
public sealed record ActualRow(RowRef Ref, Row Row, IReadOnlyList<RowRef> Parents)
{
    /// <summary>Table and name of the row, for messages.</summary>
    public override string ToString() => $"{Ref.Table} {(Row["name"].AsOptionalString() ?? Row["cidr"].AsOptionalString())}";
}
