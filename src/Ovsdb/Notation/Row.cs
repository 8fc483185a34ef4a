using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>
/// A row as it was read, immutable: the values of the requested columns. Two rows are equal if their UUIDs and all their columns are equal.
/// </summary>
public sealed class Row : IEquatable<Row>, IKeyed<Guid>
{
    private readonly RowShape _shape;
    private readonly OvsdbValue[] _values;

    /// <summary>Creates a row from column values.</summary>
    /// <param name="uuid">The row's <c>_uuid</c>; <see cref="Guid.Empty"/> if it was not requested.</param>
    /// <param name="columns">The values by column name. The constructor copies them.</param>
    public Row(Guid uuid, IReadOnlyDictionary<string, OvsdbValue> columns)
        : this(uuid, new RowShape(columns.Keys), [.. columns.Values]) { }

    internal Row(Guid uuid, RowShape shape, OvsdbValue[] values) => (Uuid, _shape, _values) = (uuid, shape, values);

    /// <summary>The row's <c>_uuid</c>; <see cref="Guid.Empty"/> in the result of a select that did not request it.</summary>
    public Guid Uuid { get; }

    /// <summary>The values by column name.</summary>
    public IReadOnlyDictionary<string, OvsdbValue> Columns => new ColumnDictionary(this);

    Guid IKeyed<Guid>.Key => Uuid;

    internal RowShape Shape => _shape;

    internal ReadOnlySpan<OvsdbValue> Values => _values;

    /// <summary>
    /// The value of a column; <see cref="OvsdbValue.Empty"/> if the column was not requested or the server's schema lacks it.
    /// </summary>
    public OvsdbValue this[string column] => TryGet(column, out var value) ? value : OvsdbValue.Empty;

    /// <summary>Gets the value of a column. Returns false if the row does not have the column.</summary>
    public bool TryGet(string column, out OvsdbValue value)
    {
        var i = _shape.IndexOf(column);
        value = i >= 0 ? _values[i] : default;
        return i >= 0;
    }

    /// <inheritdoc/>
    public bool Equals(Row? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || Uuid != other.Uuid || _values.Length != other._values.Length)
        {
            return false;
        }

        if (ReferenceEquals(_shape, other._shape))
        {
            return _values.AsSpan().SequenceEqual(other._values);
        }

        for (var i = 0; i < _values.Length; i++)
        {
            if (!other.TryGet(_shape.Names[i], out var theirs) || _values[i] != theirs)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Row);

    /// <inheritdoc/>
    public override int GetHashCode() => Uuid.GetHashCode();

    /// <summary>The row for people to read: its UUID and the columns that are not empty.</summary>
    public override string ToString() =>
        $"{Uuid} {string.Join(", ", Columns.Where(column => !column.Value.IsEmpty).Select(column => $"{column.Key}={column.Value}"))}";

    private sealed class ColumnDictionary(Row row) : IReadOnlyDictionary<string, OvsdbValue>
    {
        public int Count => row._values.Length;

        public IEnumerable<string> Keys => row._shape.Names;

        public IEnumerable<OvsdbValue> Values => row._values;

        public OvsdbValue this[string key] =>
            TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The row has no column \"{key}\".");

        public bool ContainsKey(string key) => row._shape.IndexOf(key) >= 0;

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out OvsdbValue value) => row.TryGet(key, out value);

        public IEnumerator<KeyValuePair<string, OvsdbValue>> GetEnumerator() =>
            row._shape.Names.Select((name, i) => KeyValuePair.Create(name, row._values[i])).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
