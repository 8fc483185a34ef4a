namespace Ovsdb;

/// <summary>The change of a row.</summary>
/// <param name="Table">The name of the table.</param>
/// <param name="Uuid">The UUID of the row.</param>
/// <param name="Before">The row before the change; null if it was inserted or did not match the conditions of the monitor.</param>
/// <param name="After">The row after the change; null if it was deleted or no longer matches the conditions of the monitor.</param>
public readonly record struct RowChange(string Table, Guid Uuid, Row? Before, Row? After);
