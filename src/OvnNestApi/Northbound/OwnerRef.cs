namespace OvnNestApi.Northbound;

/// <summary>The resource that owns a row, as the owner mark names it.</summary>
public readonly record struct OwnerRef(OwnerKind Kind, Guid Id);

/// <summary>Identity of a row in the NB.</summary>
/// <param name="Table">One of <see cref="Tables"/>.</param>
/// <param name="Uuid">Column <c>_uuid</c>.</param>
public readonly record struct RowRef(string Table, Guid Uuid);
