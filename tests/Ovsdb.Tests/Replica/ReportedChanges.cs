using TestServers;

namespace Ovsdb.Tests;

/// <summary>The rows that result from the changes that a client reports, starting with its first load.</summary>
internal sealed class ReportedChanges
{
    private readonly Dictionary<(string Table, Guid Uuid), Row> _rows = [];
    private readonly List<string> _errors = [];
    private readonly OvsdbClient _client;
    private ReplicaSnapshot? _last;

    /// <param name="client">The client, before its first load.</param>
    public ReportedChanges(OvsdbClient client)
    {
        _client = client;
        client.Changed += Apply;
    }

    /// <summary>Checks that the changes lead to the client's replica, and that each change continues from the previous ones.</summary>
    public async Task MustEqualAsync()
    {
        await Eventually.Holds("the last change is reported", () => ReferenceEquals(Volatile.Read(ref _last), _client.Snapshot));
        Assert.Empty(_errors);
        Assert.Equal(Nb.Tables.Sum(table => _client.Snapshot.Table(table.Table).Count), _rows.Count);
        Assert.All(_rows, reported => Assert.Equal(reported.Value, _client.Snapshot.Find(reported.Key.Table, reported.Key.Uuid)));
    }

    private void Apply(ReplicaChange change)
    {
        foreach (var (table, uuid, before, after) in change.Rows)
        {
            if (!Equals(_rows.GetValueOrDefault((table, uuid)), before))
            {
                _errors.Add($"{table} {uuid}: the previous row is not {before}");
            }

            if (Equals(before, after))
            {
                _errors.Add($"{table} {uuid}: the row has not changed");
            }

            if (after is null)
            {
                _rows.Remove((table, uuid));
            }
            else
            {
                _rows[(table, uuid)] = after;
            }
        }
        Volatile.Write(ref _last, change.Snapshot);
    }
}
