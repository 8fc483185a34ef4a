using System.Text.Json;

namespace Ovsdb;

/// <summary>A monitor of one connection: reads what the server sends for it, on the read loop.</summary>
/// <param name="read">Reads the table updates.</param>
/// <param name="canceled">Called when the server has ended the monitor; null: nobody cares.</param>
internal sealed class ServerMonitor(UpdatesReader read, Action? canceled)
{
    /// <summary>Reads the answer to the request for it.</summary>
    /// <param name="reader">On the answer's first token.</param>
    /// <param name="hasHistory">It is <c>[found, last-txn-id, updates]</c> (ovsdb-server(7) §4.1.15), else the updates alone.</param>
    public void ReadContents(ref Utf8JsonReader reader, bool hasHistory)
    {
        if (!hasHistory)
        {
            read(ref reader, new MonitorEvent(IsContents: true, Found: false, Guid.Empty));
            return;
        }
        ValueReader.Require(ref reader, JsonTokenType.StartArray);
        ValueReader.Next(ref reader);
        var found = reader.GetBoolean();
        ValueReader.Next(ref reader);
        var last = reader.GetGuid();
        ValueReader.Next(ref reader);
        read(ref reader, new MonitorEvent(IsContents: true, found, last));
    }

    /// <summary>Reads a notification from behind the monitor's name on.</summary>
    /// <param name="reader">On the monitor's name.</param>
    /// <param name="hasHistory">The id of the transaction stands before the updates (<c>update3</c>, ovsdb-server(7) §4.1.16).</param>
    public void ReadUpdate(ref Utf8JsonReader reader, bool hasHistory)
    {
        ValueReader.Next(ref reader);
        var last = Guid.Empty;
        if (hasHistory)
        {
            last = reader.GetGuid();
            ValueReader.Next(ref reader);
        }
        read(ref reader, new MonitorEvent(IsContents: false, Found: false, last));
    }

    /// <summary>The server has ended it.</summary>
    public void Cancel() => canceled?.Invoke();
}
