namespace Ovsdb;

/// <summary>
/// A table that a client replicates. Columns that the server's schema does not have are omitted, see <c>OvsdbClient.MissingColumns</c>.
/// </summary>
/// <param name="Table">The name of the table.</param>
/// <param name="Columns">The columns to replicate.</param>
/// <param name="Where">
/// The conditions: rows are replicated for which <i>any</i> condition holds. Null replicates all rows, an empty list none. A server without
/// <c>monitor_cond</c> (Open vSwitch before 2.6) ignores the conditions and sends all rows.
/// </param>
public sealed record MonitoredTable(string Table, IReadOnlyList<string> Columns, IReadOnlyList<Where>? Where = null);
