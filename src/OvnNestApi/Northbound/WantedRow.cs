using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>A row as it shall be: only the columns that are ours.</summary>
/// <param name="Ref">Its table and the UUID that was chosen for it.</param>
/// <param name="Columns">Columns that are ours as a whole.</param>
/// <param name="Keys">Keys of map columns of which only these are ours; null: the key shall be absent.</param>
/// <param name="Parent">The row whose <c>ports</c> has this one; null for a row of a root table.</param>
/// <param name="Needs">Another row that this one refers to and that must exist; null: none.</param>
public sealed record WantedRow(
    RowRef Ref,
    IReadOnlyList<KeyValuePair<string, OvsdbValue>> Columns,
    IReadOnlyList<WantedKeys> Keys,
    RowRef? Parent = null,
    RowRef? Needs = null
);

/// <summary>Keys of one map column.</summary>
/// <param name="Column">The column, a map of text to text.</param>
/// <param name="Pairs">Our keys; null: absent.</param>
public readonly record struct WantedKeys(string Column, IReadOnlyList<KeyValuePair<string, string?>> Pairs);

/// <summary>What an object shall have in the NB.</summary>
/// <param name="Object">The object.</param>
/// <param name="Rows">Its rows, none if it shall have none.</param>
/// <param name="IsAsked">If rows of it go: somebody asked for that through the API.</param>
/// <param name="Obstacle">Why its rows are left as they are; null: they are not.</param>
public sealed record WantedResource(OwnerRef Object, IReadOnlyList<WantedRow> Rows, bool IsAsked, Obstacle? Obstacle = null);

/// <summary>What keeps an object's rows from being as they shall be.</summary>
/// <param name="Cause"><see cref="Reason.Rejected"/>, <see cref="Reason.TagConflict"/> or <see cref="Reason.Contended"/>.</param>
/// <param name="Message">In a sentence, or the server's words.</param>
public readonly record struct Obstacle(Reason Cause, string Message)
{
    /// <summary>The rows cannot be written, or the server refuses them.</summary>
    public static Obstacle Rejected(string message) => new(Reason.Rejected, message);
}

/// <summary>A row as it is.</summary>
/// <param name="Ref">Its table and UUID.</param>
/// <param name="Row">Its columns.</param>
/// <param name="Parents">The rows whose <c>ports</c> has it; usually one.</param>
public sealed record ActualRow(RowRef Ref, Row Row, IReadOnlyList<RowRef> Parents);
