using System.Text.Json;

namespace Ovsdb;

/// <summary>A monitor of a connection: reads what the server sends for it, on the read loop.</summary>
/// <param name="read">Reads the table updates.</param>
/// <param name="onCanceled">Called when the server has ended the monitor; null to do nothing.</param>
internal sealed class ServerMonitor(TableUpdatesReader read, Action? onCanceled)
{
    /// <summary>Reads the answer to the monitor request.</summary>
    /// <param name="reader">The reader, on the first token of the answer.</param>
    /// <param name="hasHistory">
    /// True if the answer is <c>[found, last-txn-id, updates]</c> (ovsdb-server(7) §4.1.15); false if it is only the updates.
    /// </param>
    public void ReadContents(ref Utf8JsonReader reader, bool hasHistory)
    {
        if (!hasHistory)
        {
            read(ref reader, new TableUpdates(IsContents: true, Found: false, Guid.Empty));
            return;
        }
        reader.Require(JsonTokenType.StartArray);
        reader.ReadNext();
        var found = reader.GetBoolean();
        reader.ReadNext();
        var lastTransaction = reader.GetGuid();
        reader.ReadNext();
        read(ref reader, new TableUpdates(IsContents: true, found, lastTransaction));
    }

    /// <summary>Reads an update notification.</summary>
    /// <param name="reader">The reader, on the name of the monitor.</param>
    /// <param name="hasHistory">True if the id of the transaction precedes the updates (<c>update3</c>, ovsdb-server(7) §4.1.16).</param>
    public void ReadUpdate(ref Utf8JsonReader reader, bool hasHistory)
    {
        reader.ReadNext();
        var lastTransaction = Guid.Empty;
        if (hasHistory)
        {
            lastTransaction = reader.GetGuid();
            reader.ReadNext();
        }
        read(ref reader, new TableUpdates(IsContents: false, Found: false, lastTransaction));
    }

    /// <summary>Reports that the server has ended the monitor.</summary>
    public void Cancel() => onCanceled?.Invoke();
}
