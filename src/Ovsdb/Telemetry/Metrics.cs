using System.Diagnostics.Metrics;

namespace Ovsdb;

/// <summary>The instruments of the meter <c>Ovsdb</c>. <c>ClientGauges</c> adds those that observe the clients.</summary>
internal static class Metrics
{
    public static readonly Meter Meter = new("Ovsdb");

    public static readonly Counter<long> BytesSent = Meter.CreateCounter<long>("ovsdb.bytes.sent", "By", "Bytes sent to servers.");

    public static readonly Counter<long> BytesReceived = Meter.CreateCounter<long>(
        "ovsdb.bytes.received",
        "By",
        "Bytes received from servers."
    );

    public static readonly Counter<long> Resyncs = Meter.CreateCounter<long>(
        "ovsdb.resyncs",
        "{resync}",
        "Full loads of a replica because an update did not match it."
    );

    public static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>(
        "ovsdb.transactions.in_flight",
        "{transaction}",
        "Transactions that wait for their answer."
    );

    private static readonly Counter<long> Reconnects = Meter.CreateCounter<long>(
        "ovsdb.reconnects",
        "{attempt}",
        "Attempts to connect after the first attempt of a client."
    );

    private static readonly Counter<long> Transactions = Meter.CreateCounter<long>(
        "ovsdb.transactions",
        "{transaction}",
        "Transactions by outcome."
    );

    private static readonly Histogram<double> TransactionDuration = Meter.CreateHistogram<double>(
        "ovsdb.transaction.duration",
        "s",
        "Time from the request to the outcome of a transaction."
    );

    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>(
        "ovsdb.load.duration",
        "s",
        "Time from the request to the complete replica."
    );

    /// <summary>Counts an attempt to connect after the first.</summary>
    public static void CountReconnect(string database) => Reconnects.Add(1, DatabaseTag(database));

    /// <summary>Counts a transaction and records its duration.</summary>
    public static void RecordTransaction(TransactOutcome outcome, TimeSpan duration)
    {
        Transactions.Add(1, new KeyValuePair<string, object?>("outcome", NameOf(outcome)));
        TransactionDuration.Record(duration.TotalSeconds);
    }

    /// <summary>Records the duration of a load of a replica.</summary>
    public static void RecordLoad(string database, TimeSpan duration) => LoadDuration.Record(duration.TotalSeconds, DatabaseTag(database));

    public static KeyValuePair<string, object?> DatabaseTag(string name) => new("database", name);

    private static string NameOf(TransactOutcome outcome) =>
        outcome switch
        {
            Committed => "committed",
            Rejected => "rejected",
            _ => "unknown",
        };
}
