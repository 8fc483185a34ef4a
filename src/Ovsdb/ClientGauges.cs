using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Ovsdb;

/// <summary>The instruments of the meter <c>Ovsdb</c> that observe the running clients.</summary>
internal static class ClientGauges
{
    private static readonly ConcurrentDictionary<OvsdbClient, string> Clients = new(); // the value is the name of the client's database

    static ClientGauges()
    {
        Metrics.Meter.CreateObservableGauge("ovsdb.rows", ObserveRows, "{row}", "Rows of the replicas, by database and table.");
        Metrics.Meter.CreateObservableGauge("ovsdb.clients", ObserveStates, "{client}", "Clients, by database and state.");
    }

    /// <summary>Starts to observe a client.</summary>
    public static void Add(OvsdbClient client, string database) => Clients.TryAdd(client, database);

    /// <summary>Stops to observe a client.</summary>
    public static void Remove(OvsdbClient client) => Clients.TryRemove(client, out _);

    private static IEnumerable<Measurement<int>> ObserveRows() =>
        from client in Clients
        from table in client.Key.Snapshot.RowCounts
        group table.Rows by (Database: client.Value, table.Name) into counts
        select new Measurement<int>(counts.Sum(), Metrics.DatabaseTag(counts.Key.Database), new("table", counts.Key.Name));

    private static IEnumerable<Measurement<int>> ObserveStates() =>
        from client in Clients
        group client by (Database: client.Value, client.Key.State) into clients
        select new Measurement<int>(clients.Count(), Metrics.DatabaseTag(clients.Key.Database), new("state", NameOf(clients.Key.State)));

    private static string NameOf(OvsdbClientState state) =>
        state switch
        {
            OvsdbClientState.Connecting => "connecting",
            OvsdbClientState.Loading => "loading",
            OvsdbClientState.Synced => "synced",
            _ => "stale",
        };
}
