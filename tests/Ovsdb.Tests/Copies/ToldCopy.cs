using TestServers;

namespace Ovsdb.Tests.Copies;

/// <summary>A copy made of nothing but the changes that a client tells, from its first load on.</summary>
internal sealed class ToldCopy
{
    private readonly Dictionary<(string Table, Guid Uuid), Row> _rows = [];
    private readonly List<string> _wrong = [];
    private readonly OvsdbClient _client;
    private ReplicaSnapshot? _last;

    /// <param name="client">Not loaded yet.</param>
    public ToldCopy(OvsdbClient client)
    {
        _client = client;
        client.Changed += Take;
    }

    /// <summary>The changes told lead to the client's copy, and each from what was before.</summary>
    public async Task MustEqualAsync()
    {
        await Eventually.Holds("the last change is told", () => ReferenceEquals(Volatile.Read(ref _last), _client.Snapshot));
        Assert.Empty(_wrong);
        Assert.Equal(Nb.Tables.Sum(table => _client.Snapshot.Table(table.Table).Count), _rows.Count);
        Assert.All(_rows, told => Assert.Equal(told.Value, _client.Snapshot.Find(told.Key.Table, told.Key.Uuid)));
    }

    private void Take(ReplicaChange change)
    {
        foreach (var (table, uuid, before, after) in change.Rows)
        {
            if (!Equals(_rows.GetValueOrDefault((table, uuid)), before))
            {
                _wrong.Add($"{table} {uuid}: before was {before}");
            }

            if (Equals(before, after))
            {
                _wrong.Add($"{table} {uuid}: no change");
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
