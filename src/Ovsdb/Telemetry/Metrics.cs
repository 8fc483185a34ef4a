using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Ovsdb;

/// <summary>What the library counts, for whoever listens to the meter <c>Ovsdb</c>.</summary>
internal static class Metrics
{
    private static readonly Meter Meter = new("Ovsdb");

    public static readonly Counter<long> BytesSent = Meter.CreateCounter<long>("ovsdb.bytes.sent", "By");
    public static readonly Counter<long> BytesReceived = Meter.CreateCounter<long>("ovsdb.bytes.received", "By");

    /// <summary>Copies that were found not to agree with an update, and loaded anew.</summary>
    public static readonly Counter<long> Resyncs = Meter.CreateCounter<long>("ovsdb.resyncs", "{resync}");

    public static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>("ovsdb.transactions.in_flight", "{transaction}");

    private static readonly ConcurrentDictionary<OvsdbClient, string> Clients = new(); // that live, and their databases
    private static readonly Counter<long> Reconnects = Meter.CreateCounter<long>(
        "ovsdb.reconnects",
        "{attempt}",
        "Attempts to connect after the first of a client."
    );
    private static readonly Counter<long> Transactions = Meter.CreateCounter<long>("ovsdb.transactions", "{transaction}");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("ovsdb.transaction.duration", "s");
    private static readonly Histogram<double> Load = Meter.CreateHistogram<double>(
        "ovsdb.load.duration",
        "s",
        "From the request for the copy's contents to the copy."
    );

    static Metrics()
    {
        Meter.CreateObservableGauge("ovsdb.rows", Rows, "{row}", "Rows of the copies, by database and table.");
        Meter.CreateObservableGauge("ovsdb.clients", States, "{client}", "Clients by database and by how far their copy can be trusted.");
    }

    /// <summary>From now on its copy and state are shown.</summary>
    public static void Show(OvsdbClient client, string database) => Clients.TryAdd(client, database);

    /// <summary>No longer.</summary>
    public static void Hide(OvsdbClient client) => Clients.TryRemove(client, out _);

    public static void Reconnect(string database) => Reconnects.Add(1, Database(database));

    public static void Transaction(TransactOutcome outcome, TimeSpan took)
    {
        Transactions.Add(
            1,
            new KeyValuePair<string, object?>(
                "outcome",
                outcome switch
                {
                    Committed => "committed",
                    Rejected => "rejected",
                    _ => "unknown",
                }
            )
        );
        Duration.Record(took.TotalSeconds);
    }

    public static void Loaded(string database, TimeSpan took) => Load.Record(took.TotalSeconds, Database(database));

    private static IEnumerable<Measurement<int>> Rows() =>
        from client in Clients
        from table in client.Key.Snapshot.Counts
        group table.Rows by (Database: client.Value, table.Name) into copies
        select new Measurement<int>(copies.Sum(), Database(copies.Key.Database), new("table", copies.Key.Name));

    private static IEnumerable<Measurement<int>> States() =>
        from client in Clients
        group client by (Database: client.Value, client.Key.State) into alike
        select new Measurement<int>(
            alike.Count(),
            Database(alike.Key.Database),
            new(
                "state",
                alike.Key.State switch
                {
                    OvsdbClientState.Connecting => "connecting",
                    OvsdbClientState.Loading => "loading",
                    OvsdbClientState.Synced => "synced",
                    _ => "stale",
                }
            )
        );

    private static KeyValuePair<string, object?> Database(string name) => new("database", name);
}
