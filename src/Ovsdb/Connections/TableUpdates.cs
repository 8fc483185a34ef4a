using System.Text.Json;

namespace Ovsdb;

/// <summary>Describes <c>&lt;table-updates2&gt;</c> that a server sent for a monitor (ovsdb-server(7) §4.1.14–16).</summary>
/// <param name="IsContents">True for the answer to the monitor request; false for a later update.</param>
/// <param name="Found">True if the answer contains only the changes after the transaction that the request named.</param>
/// <param name="LastTransaction">
/// The transaction after which the replica has these contents; <see cref="Guid.Empty"/> if the server has no history.
/// </param>
internal readonly record struct TableUpdates(bool IsContents, bool Found, Guid LastTransaction);

/// <summary>Reads <c>&lt;table-updates2&gt;</c>, on the read loop. The reader must be on the first token and is left on the last.</summary>
internal delegate void TableUpdatesReader(ref Utf8JsonReader reader, TableUpdates updates);
