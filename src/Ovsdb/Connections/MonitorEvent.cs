using System.Text.Json;

namespace Ovsdb;

/// <summary>What a monitor's <c>&lt;table-updates2&gt;</c> come with (ovsdb-server(7) §4.1.14–16).</summary>
/// <param name="IsContents">The answer to the request for the monitor; else a later update.</param>
/// <param name="Found">The answer holds only what came after the transaction that the request named.</param>
/// <param name="LastTransaction">The transaction that the copy stands at after this; <see cref="Guid.Empty"/> if the server keeps no history.</param>
internal readonly record struct MonitorEvent(bool IsContents, bool Found, Guid LastTransaction);

/// <summary>Reads <c>&lt;table-updates2&gt;</c>, on the read loop, from a reader that stands on their first token, and leaves it on their last.</summary>
internal delegate void UpdatesReader(ref Utf8JsonReader updates, MonitorEvent what);
