using System.Diagnostics.Metrics;

namespace Ovsdb;

/// <summary>What the library counts, for whoever listens to the meter <c>Ovsdb</c>.</summary>
internal static class Metrics
{
    private static readonly Meter Meter = new("Ovsdb");

    public static readonly Counter<long> BytesSent = Meter.CreateCounter<long>("ovsdb.bytes.sent", "By");
    public static readonly Counter<long> BytesReceived = Meter.CreateCounter<long>("ovsdb.bytes.received", "By");

    /// <summary>Attempts to connect after the first of a client.</summary>
    public static readonly Counter<long> Reconnects = Meter.CreateCounter<long>("ovsdb.reconnects", "{attempt}");

    /// <summary>Copies that were found not to agree with an update, and loaded anew.</summary>
    public static readonly Counter<long> Resyncs = Meter.CreateCounter<long>("ovsdb.resyncs", "{resync}");

    public static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>("ovsdb.transactions.in_flight", "{transaction}");

    private static readonly Counter<long> Transactions = Meter.CreateCounter<long>("ovsdb.transactions", "{transaction}");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("ovsdb.transaction.duration", "s");
    private static readonly Histogram<double> Load = Meter.CreateHistogram<double>("ovsdb.load.duration", "s", "From the request for the copy's contents to the copy.");

    public static void Transaction(TransactOutcome outcome, TimeSpan took)
    {
        Transactions.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch { Committed => "committed", Rejected => "rejected", _ => "unknown" }));
        Duration.Record(took.TotalSeconds);
    }

    public static void Loaded(string database, TimeSpan took) => Load.Record(took.TotalSeconds, new KeyValuePair<string, object?>("database", database));
}
