using System.Runtime.InteropServices;

namespace Ovsdb;

/// <summary>
/// The rows and indexes of a table, immutable. After a change of a row, the new snapshot shares most of its memory with the old one.
/// </summary>
internal sealed class TableSnapshot(TableLayout layout, HashTrie<Guid, Row> rows, HashTrie<string, IndexedRows>[] indexes)
{
    public HashTrie<Guid, Row> Rows => rows;

    public HashTrie<string, IndexedRows> Index(int position) => indexes[position];

    public static TableSnapshot Empty(TableLayout layout) => new(layout, default, new HashTrie<string, IndexedRows>[layout.Indexes.Length]);

    public Builder ToBuilder() => new(layout, rows, [.. indexes]);

    /// <summary>Changes to a snapshot that are not visible to readers yet. An update changes each row at most once.</summary>
    internal sealed class Builder(TableLayout layout, HashTrie<Guid, Row> rows, HashTrie<string, IndexedRows>[] indexes)
    {
        private readonly TrieEdit _edit = new();

        // rows added to an empty table, which are indexed together at the end
        private readonly List<Row>? _initial = rows.Count == 0 ? [] : null;

        public TableLayout Layout => layout;

        /// <summary>Returns the row before the update; null if there was none.</summary>
        public Row? Find(Guid uuid) => rows.Find(uuid);

        /// <summary>
        /// Replaces a row; null means no row. Two rows may exchange their keys in one update: the index then has both rows for a key for a
        /// moment.
        /// </summary>
        public void Set(Guid uuid, Row? before, Row? after)
        {
            if (_initial is not null && after is not null)
            {
                _initial.Add(after);
                return;
            }
            rows = after is null ? rows.Without(uuid, _edit) : rows.With(after, _edit);
            for (var i = 0; i < indexes.Length; i++)
            {
                var key = layout.Indexes[i].Key;
                var oldKey = before is null ? null : key(before);
                var newKey = after is null ? null : key(after);
                if (oldKey is not null && oldKey != newKey)
                {
                    Remove(ref indexes[i], oldKey, uuid);
                }

                if (newKey is not null && after is not null)
                {
                    Add(ref indexes[i], newKey, after);
                }
            }
        }

        /// <summary>Returns the snapshot with the changes. The builder must not be used afterwards.</summary>
        public TableSnapshot ToSnapshot()
        {
            if (_initial is not { Count: > 0 })
            {
                return new(layout, rows, indexes);
            }

            var initial = CollectionsMarshal.AsSpan(_initial);
            for (var i = 0; i < indexes.Length; i++)
            {
                indexes[i] = CreateIndex(initial, layout.Indexes[i].Key);
            }

            rows = HashTrie<Guid, Row>.Create(initial, static (_, duplicate) =>
                throw new OvsdbInconsistencyException($"an update contains the row {duplicate.Uuid} twice")
            );
            return new(layout, rows, indexes);
        }

        private HashTrie<string, IndexedRows> CreateIndex(ReadOnlySpan<Row> rows, Func<Row, string?> keyOf)
        {
            var entries = new List<IndexedRows>(rows.Length);
            foreach (var row in rows)
            {
                if (keyOf(row) is { } key)
                {
                    entries.Add(new IndexedRows(key, row));
                }
            }

            return HashTrie<string, IndexedRows>.Create(CollectionsMarshal.AsSpan(entries), (present, other) =>
                present.With(other.Rows[0], _edit)
            );
        }

        private void Add(ref HashTrie<string, IndexedRows> index, string key, Row row) =>
            index = index.With(index.Find(key)?.With(row, _edit) ?? new IndexedRows(key, row), _edit);

        private void Remove(ref HashTrie<string, IndexedRows> index, string key, Guid uuid) =>
            index = index.Find(key)?.Without(uuid, _edit) is { } rest ? index.With(rest, _edit) : index.Without(key, _edit);
    }
}
