using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// What has to be done to the rows of one object. Kept apart by object, so that one which the server refuses holds up no other.
/// </summary>
public sealed record ResourcePlan(OwnerRef Object)
{
    /// <summary>The object shall have rows; false: it shall have none.</summary>
    public bool Creates { get; init; }

    /// <summary>Rows that must exist, or what is written would be lost without an error.</summary>
    public IReadOnlyList<RowRef> Needs { get; init; } = [];

    /// <summary>Inserts, updates and mutations of the object's own rows.</summary>
    public IReadOnlyList<Op> Writes { get; init; } = [];

    /// <summary>Rows to add to their parents' <c>ports</c>.</summary>
    public IReadOnlyList<Membership> Attach { get; init; } = [];

    /// <summary>Rows to take from their parents' <c>ports</c>: the last one lets go, and the row is gone.</summary>
    public IReadOnlyList<Membership> Detach { get; init; } = [];

    /// <summary>Rows of root tables to delete.</summary>
    public IReadOnlyList<RowRef> Deletes { get; init; } = [];

    /// <summary>The rows that go, of whatever table.</summary>
    public IReadOnlyList<RowRef> Removed { get; init; } = [];

    /// <summary>Rows that are there already and are changed.</summary>
    public IReadOnlyList<RowRef> Repaired { get; init; } = [];

    /// <summary>Rows that go and that nobody asked to go: what the brake counts.</summary>
    public int Unasked { get; init; }

    /// <summary>What stays undone; null: nothing.</summary>
    public Obstacle? Kept { get; init; }

    /// <summary>Nothing has to be done.</summary>
    public bool IsEmpty => Writes.Count == 0 && Attach.Count == 0 && Detach.Count == 0 && Deletes.Count == 0;
}

/// <summary>That a row is in its parent's <c>ports</c>.</summary>
/// <param name="Parent">The switch or router.</param>
/// <param name="Child">UUID of the port.</param>
public readonly record struct Membership(RowRef Parent, Guid Child);
