using System.Collections.Immutable;

namespace Ovsdb;

/// <summary>One table's rows and indexes, immutable; a change of one row makes a new one that shares all but a path of the old.</summary>
internal sealed class TableCopy(MonitoredLayout layout, ImmutableDictionary<Guid, Row> rows, ImmutableDictionary<string, IndexedRows>[] indexes)
{
    public ImmutableDictionary<Guid, Row> Rows => rows;

    public ImmutableDictionary<string, IndexedRows> Index(int position) => indexes[position];

    public static TableCopy Empty(MonitoredLayout layout)
    {
        var noKeys = ImmutableDictionary.Create<string, IndexedRows>(StringComparer.Ordinal);
        return new TableCopy(layout, ImmutableDictionary<Guid, Row>.Empty, [.. layout.Indexes.Select(_ => noKeys)]);
    }

    public Builder ToBuilder() => new(layout, rows, indexes);

    /// <summary>Changes being made, seen by nobody yet.</summary>
    internal sealed class Builder(MonitoredLayout layout, ImmutableDictionary<Guid, Row> rows, ImmutableDictionary<string, IndexedRows>[] indexes)
    {
        private readonly ImmutableDictionary<Guid, Row>.Builder _rows = rows.ToBuilder();
        private readonly ImmutableDictionary<string, IndexedRows>.Builder[] _indexes = [.. indexes.Select(index => index.ToBuilder())];

        public MonitoredLayout Layout => layout;

        public Row? Find(Guid uuid) => _rows.GetValueOrDefault(uuid);

        /// <summary>Puts a row in the place of another; null for none. Keys that rows swap in one update need no care: an index holds pairs of key and row.</summary>
        public void Set(Guid uuid, Row? before, Row? after)
        {
            if (after is null)
                _rows.Remove(uuid);
            else
                _rows[uuid] = after;
            for (var i = 0; i < _indexes.Length; i++)
            {
                var index = layout.Indexes[i];
                var was = before is null ? null : index.Key(before);
                var now = after is null ? null : index.Key(after);
                if (was == now)
                    continue;
                if (was is not null)
                    Remove(_indexes[i], was, uuid);
                if (now is not null)
                    _indexes[i][now] = _indexes[i].TryGetValue(now, out var present) ? present.With(uuid) : new IndexedRows(uuid, null);
            }
        }

        public TableCopy ToCopy() => new(layout, _rows.ToImmutable(), [.. _indexes.Select(index => index.ToImmutable())]);

        private static void Remove(ImmutableDictionary<string, IndexedRows>.Builder index, string key, Guid uuid)
        {
            if (!index.TryGetValue(key, out var present))
                return;
            if (present.Without(uuid) is { } rest)
                index[key] = rest;
            else
                index.Remove(key);
        }
    }
}

/// <summary>The rows under one key of an index: most often one, which then needs no set.</summary>
internal readonly record struct IndexedRows(Guid One, ImmutableHashSet<Guid>? Several)
{
    public int Count => Several?.Count ?? 1;

    public IndexedRows With(Guid uuid) => Several is null && One == uuid ? this : new(default, (Several ?? [One]).Add(uuid));

    /// <summary>What is left without the row; null if nothing is.</summary>
    public IndexedRows? Without(Guid uuid)
    {
        if (Several is null)
            return One == uuid ? null : this;
        var rest = Several.Remove(uuid);
        return rest.Count == 1 ? new(rest.First(), null) : new(default, rest);
    }

    public IEnumerable<Guid> Rows() => Several is null ? [One] : Several;
}
