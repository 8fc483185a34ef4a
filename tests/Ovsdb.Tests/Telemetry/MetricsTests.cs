using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using TestServers;

namespace Ovsdb.Tests;

public sealed class MetricsTests
{
    private const string Database = "Counted"; // used only by this test, because all clients of the process share the meter

    private const string Schema =
        """{"name":"Counted","version":"1.0.0","tables":{"Thing":{"columns":{"name":{"type":"string"}},"isRoot":true}}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_states_and_reconnects_are_measured_by_database()
    {
        var schema = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(schema, Schema, Ct);
        await using var server = await OvsdbServer.StartNewAsync(schema);
        File.Delete(schema);
        using var measured = new MeasuredValues();
        await using var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(server.Endpoint),
                Database = Database,
                Monitor = [new MonitoredTable("Thing", ["name"])],
            }
        );
        client.Start();
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Insert("Thing", Nb.Row(("name", "a"))), Op.Insert("Thing", Nb.Row(("name", "b"))));
        Assert.Equal((2, 1), (measured["ovsdb.rows", "Thing"], measured["ovsdb.clients", "synced"]));
        Assert.Equal(0, measured["ovsdb.reconnects"]);
        await server.KillAsync();
        await Eventually.Holds("the client tries to reconnect", () => measured["ovsdb.reconnects"] > 0);
        Assert.Equal((2, 1), (measured["ovsdb.rows", "Thing"], measured["ovsdb.clients", "stale"]));
        await client.DisposeAsync();
        Assert.Equal((0, 0), (measured["ovsdb.rows", "Thing"], measured["ovsdb.clients", "stale"]));
    }

    /// <summary>The measurements for the database: the sums of counters and the current values of gauges.</summary>
    private sealed class MeasuredValues : IDisposable
    {
        private readonly ConcurrentDictionary<(string Instrument, string? Kind), long> _values = new();
        private readonly MeterListener _listener = new();

        public MeasuredValues()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Ovsdb")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.Start();
        }

        public long this[string instrument, string? kind = null]
        {
            get
            {
                foreach (var gauge in _values.Keys.Where(key => key.Kind is not null))
                {
                    _values[gauge] = 0;
                }

                _listener.RecordObservableInstruments();
                return _values.GetValueOrDefault((instrument, kind));
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Record(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length > 0 && tags[0] is { Key: "database", Value: Database })
            {
                _values.AddOrUpdate((instrument.Name, tags.Length > 1 ? tags[1].Value as string : null), value, (_, sum) => sum + value);
            }
        }
    }
}
