namespace Ovsdb;

/// <summary>What a client keeps a copy of. Columns that the server's schema lacks are left out, see <see cref="OvsdbClient.MissingColumns"/>.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="Columns">The columns to keep.</param>
/// <param name="Where">The rows to keep: those for which <i>any</i> condition holds; null for all rows, none for no row. A server that lacks
/// <c>monitor_cond</c> (Open vSwitch before 2.6) knows no conditions and sends all rows.</param>
public sealed record MonitoredTable(string Table, IReadOnlyList<string> Columns, IReadOnlyList<Where>? Where = null);
