namespace Ovsdb;

/// <summary>Sees to it that a connection to a clustered database is to its leader: it ends when the server does not lead, or no longer
/// (<c>_Server.Database</c>, ovsdb-server(5)).</summary>
internal sealed class LeaderWatch
{
    private static readonly ReplicaLayout Nothing = new([], [], null);

    private readonly TaskCompletionSource _leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OvsdbConnection _connection;
    private readonly string _database;

    private LeaderWatch(OvsdbConnection connection, string database) => (_connection, _database) = (connection, database);

    /// <summary>Ends when the server says that it leads, or that its database is not clustered; from then on it is watched.</summary>
    /// <exception cref="OvsdbNotConnectedException">It does not lead.</exception>
    /// <exception cref="TimeoutException">It did not say in time: it may not have joined its cluster yet.</exception>
    public static async Task BeginAsync(OvsdbConnection connection, string database, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        DatabaseSchema schema;
        try
        {
            schema = await connection.GetSchemaAsync("_Server", ct);
        }
        catch (OvsdbException)
        {
            return; // Open vSwitch before 2.9, which has no clusters
        }
        var watch = new LeaderWatch(connection, database);
        var replica = new Replica(Nothing, change => watch.Judge(change.Snapshot));
        var layout = new ReplicaLayout([new MonitoredTable("Database", ["name", "model", "leader"])], [], schema);
        await connection.MonitorAsync(
            "monitor_cond_since", "_Server", "leader", layout.WriteRequests, Guid.Empty, (ref reader, what) => replica.Read(ref reader, what, layout), ct);
        await Task.WhenAny(watch._leads.Task, connection.Completion).WaitAsync(patience, time, ct);
        if (connection.EndReason is { } reason)
            throw new OvsdbNotConnectedException(reason);
    }

    // On the read loop. The row may be missing in the first moments.
    private void Judge(ReplicaSnapshot server)
    {
        foreach (var row in server.Table("Database").Values.Where(row => row["name"].AsString() == _database))
        {
            if (row["model"].AsString() != "clustered" || row["leader"].AsBoolean())
                _leads.TrySetResult();
            else
                _connection.End($"{_connection.Endpoint} does not lead the cluster of {_database}");
        }
    }
}
