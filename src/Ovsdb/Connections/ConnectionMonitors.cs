using System.Collections.Concurrent;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// The monitors of a connection (RFC 7047 §4.1.5–7, ovsdb-server(7) §4.1.12–16). A monitor's contents and updates are read in the order in
/// which the server sent them, and before any later answer is returned to a caller.
/// </summary>
internal sealed class ConnectionMonitors(JsonRpcLink link)
{
    private readonly ConcurrentDictionary<string, ServerMonitor> _monitors = new(StringComparer.Ordinal);

    /// <summary>Starts a monitor and reads its contents.</summary>
    /// <param name="method">
    /// <c>monitor_cond_since</c>; <c>monitor_cond</c> for servers before 2.12, <c>monitor</c> for servers before 2.6.
    /// </param>
    /// <param name="database">The name of the database.</param>
    /// <param name="id">The name of the monitor, unique on this connection.</param>
    /// <param name="writeRequests">Writes the requests in the form that the method requires.</param>
    /// <param name="since">The last transaction in the replica; <see cref="Guid.Empty"/> to request everything.</param>
    /// <param name="read">Reads contents and updates.</param>
    /// <param name="onCanceled">
    /// Called on the read loop when the server has ended the monitor (<c>monitor_canceled</c>) because the database was removed or
    /// converted; null to do nothing.
    /// </param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task StartAsync(
        string method,
        string database,
        string id,
        Action<Utf8JsonWriter> writeRequests,
        Guid since,
        TableUpdatesReader read,
        Action? onCanceled,
        CancellationToken cancellationToken
    )
    {
        var hasHistory = method == "monitor_cond_since";
        var monitor = _monitors[id] = new ServerMonitor(read, onCanceled);
        try
        {
            await link.LongCallAsync(new Call<bool>(ReadContents), method, WriteParams, cancellationToken);
        }
        catch (OvsdbException)
        {
            _monitors.TryRemove(id, out _);
            throw;
        }

        bool ReadContents(ref Utf8JsonReader reader)
        {
            monitor.ReadContents(ref reader, hasHistory);
            return true;
        }

        void WriteParams(Utf8JsonWriter json)
        {
            json.WriteStringValue(database);
            json.WriteStringValue(id);
            writeRequests(json);
            if (hasHistory)
            {
                json.WriteStringValue(since);
            }
        }
    }

    /// <summary>
    /// Changes the conditions of a monitor (ovsdb-server(7) §4.1.13). When the task completes, the resulting changes have been read.
    /// </summary>
    public Task ChangeAsync(string id, Action<Utf8JsonWriter> writeRequests, CancellationToken cancellationToken)
    {
        return link.LongCallAsync(Call.WithoutResult(), "monitor_cond_change", WriteParams, cancellationToken);

        void WriteParams(Utf8JsonWriter json)
        {
            json.WriteStringValue(id);
            json.WriteStringValue(id); // the new name, which stays the same
            writeRequests(json);
        }
    }

    /// <summary>Ends a monitor (RFC 7047 §4.1.7).</summary>
    public Task CancelAsync(string id, CancellationToken cancellationToken)
    {
        _monitors.TryRemove(id, out _);
        return link.CallAsync(Call.WithoutResult(), "monitor_cancel", json => json.WriteStringValue(id), cancellationToken);
    }

    /// <summary>Reads an update of a monitor, on the read loop. Ignores it if the monitor was cancelled meanwhile.</summary>
    public void ReadUpdate(ref Utf8JsonReader reader, string id, bool hasHistory)
    {
        if (_monitors.TryGetValue(id, out var monitor))
        {
            monitor.ReadUpdate(ref reader, hasHistory);
        }
    }

    /// <summary>Handles <c>monitor_canceled</c>, on the read loop.</summary>
    public void OnCanceled(string id)
    {
        if (_monitors.TryRemove(id, out var monitor))
        {
            monitor.Cancel();
        }
    }
}
