using System.Runtime.InteropServices;

namespace Ovsdb;

/// <summary>One table's rows and indexes, immutable; a change of one row makes a new one that shares all but a path of the old.</summary>
internal sealed class TableCopy(MonitoredLayout layout, HashTrie<Guid, Row> rows, HashTrie<string, IndexedRows>[] indexes)
{
    public HashTrie<Guid, Row> Rows => rows;

    public HashTrie<string, IndexedRows> Index(int position) => indexes[position];

    public static TableCopy Empty(MonitoredLayout layout) => new(layout, default, new HashTrie<string, IndexedRows>[layout.Indexes.Length]);

    public Builder ToBuilder() => new(layout, rows, [.. indexes]);

    /// <summary>Changes being made, seen by nobody yet. No row is changed twice: an update names each once.</summary>
    internal sealed class Builder(MonitoredLayout layout, HashTrie<Guid, Row> rows, HashTrie<string, IndexedRows>[] indexes)
    {
        private readonly TrieEdit _edit = new();
        private readonly List<Row>? _first = rows.Count == 0 ? [] : null; // the rows of a table that was empty, which is filled at once

        public MonitoredLayout Layout => layout;

        /// <summary>The row before the update.</summary>
        public Row? Find(Guid uuid) => rows.Find(uuid);

        /// <summary>Puts a row in the place of another; null for none. Keys that rows swap in one update need no care: an index holds pairs of key and row.</summary>
        public void Set(Guid uuid, Row? before, Row? after)
        {
            if (_first is not null && after is not null)
            {
                _first.Add(after);
                return;
            }
            rows = after is null ? rows.Without(uuid, _edit) : rows.With(after, _edit);
            for (var i = 0; i < indexes.Length; i++)
            {
                var key = layout.Indexes[i].Key;
                var was = before is null ? null : key(before);
                var now = after is null ? null : key(after);
                if (was is not null && was != now)
                {
                    Remove(ref indexes[i], was, uuid);
                }

                if (now is not null && after is not null)
                {
                    Add(ref indexes[i], now, after);
                }
            }
        }

        /// <summary>What was made, and the end of this builder.</summary>
        public TableCopy ToCopy()
        {
            if (_first is not { Count: > 0 })
            {
                return new(layout, rows, indexes);
            }

            var first = CollectionsMarshal.AsSpan(_first);
            for (var i = 0; i < indexes.Length; i++)
            {
                indexes[i] = IndexOf(first, layout.Indexes[i].Key);
            }

            rows = HashTrie<Guid, Row>.Of(first, static (_, twice) =>
                throw new OvsdbInconsistencyException($"an update names the row {twice.Uuid} twice")
            );
            return new(layout, rows, indexes);
        }

        private HashTrie<string, IndexedRows> IndexOf(ReadOnlySpan<Row> rows, Func<Row, string?> keyOf)
        {
            var entries = new List<IndexedRows>(rows.Length);
            foreach (var row in rows)
            {
                if (keyOf(row) is { } key)
                {
                    entries.Add(new IndexedRows(key, row));
                }
            }

            return HashTrie<string, IndexedRows>.Of(CollectionsMarshal.AsSpan(entries), (present, other) =>
                present.With(other.Rows[0], _edit)
            );
        }

        private void Add(ref HashTrie<string, IndexedRows> index, string key, Row row) =>
            index = index.With(index.Find(key)?.With(row, _edit) ?? new IndexedRows(key, row), _edit);

        private void Remove(ref HashTrie<string, IndexedRows> index, string key, Guid uuid) =>
            index = index.Find(key)?.Without(uuid, _edit) is { } rest ? index.With(rest, _edit) : index.Without(key, _edit);
    }
}
