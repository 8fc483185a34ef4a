using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Operations for the rows of one resource. There is one plan per resource, so that a rejected resource does not hold up the others.
/// </summary>
public sealed record ResourcePlan(OwnerRef Owner)
{
    /// <summary>True if the resource must have rows.</summary>
    public bool HasRows { get; init; }

    /// <summary>Rows that must exist; otherwise the server would drop what is written without an error.</summary>
    public IReadOnlyList<RowRef> Needs { get; init; } = [];

    /// <summary>Inserts, updates and mutations of the resource's own rows.</summary>
    public IReadOnlyList<Op> Writes { get; init; } = [];

    /// <summary>Rows to add to the <c>ports</c> of their parents.</summary>
    public IReadOnlyList<Membership> Attach { get; init; } = [];

    /// <summary>Rows to remove from the <c>ports</c> of their parents. The server deletes a row that no parent refers to.</summary>
    public IReadOnlyList<Membership> Detach { get; init; } = [];

    /// <summary>Rows of root tables to delete.</summary>
    public IReadOnlyList<RowRef> Deletes { get; init; } = [];

    /// <summary>Checks, before rows are deleted, that no other client has added anything to them in the meantime.</summary>
    public IReadOnlyList<Op> Guards { get; init; } = [];

    /// <summary>Rows that will be deleted, of all tables.</summary>
    public IReadOnlyList<RowRef> Removed { get; init; } = [];

    /// <summary>Existing rows that are changed.</summary>
    public IReadOnlyList<RowRef> Repaired { get; init; } = [];

    /// <summary>
    /// Rows that will be deleted, or changed in a guarded column, without a request through the API. The safety brake limits them.
    /// </summary>
    public IReadOnlyList<Doubt> Doubts { get; init; } = [];

    /// <summary>Why rows are left as they are; null if all rows will be as wanted.</summary>
    public Obstacle? Obstacle { get; init; }

    /// <summary>True if no operation is necessary.</summary>
    public bool IsEmpty => Writes.Count == 0 && Attach.Count == 0 && Detach.Count == 0 && Deletes.Count == 0;
}

/// <summary>A row that a plan deletes, or changes in a guarded column, without a request through the API.</summary>
/// <param name="IsRemoval">True if the row is deleted and no other row replaces it.</param>
/// <param name="Change">What happens to the row, as the part of a sentence.</param>
public readonly record struct Doubt(RowRef Row, bool IsRemoval, string Change);

/// <summary>Membership of a port in the column <c>ports</c> of its parent.</summary>
/// <param name="Parent">Switch or router.</param>
/// <param name="Child">UUID of the port.</param>
public readonly record struct Membership(RowRef Parent, Guid Child);
