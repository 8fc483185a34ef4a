using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>The columns of all rows of one table, or of one select result. The rows share one instance to save memory.</summary>
internal sealed class RowShape
{
    private readonly Dictionary<string, int> _indexes;
    private readonly byte[][] _utf8Names;

    /// <summary>Creates a shape with these columns. Their types are known if the schema is.</summary>
    public RowShape(IEnumerable<string> names, TableSchema? schema = null)
    {
        Names = [.. names];
        Types = [.. Names.Select(name => schema?.TypeOf(name))];
        Defaults = [.. Types.Select(type => type?.Default ?? OvsdbValue.Empty)];
        _utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];
        _indexes = new Dictionary<string, int>(Names.Length, StringComparer.Ordinal);
        for (var i = 0; i < Names.Length; i++)
        {
            _indexes.Add(Names[i], i);
        }
    }

    public string[] Names { get; }

    /// <summary>The type of each column; null where the schema is not known.</summary>
    public ColumnType?[] Types { get; }

    /// <summary>The value of each column when the server omits it from a new row.</summary>
    public OvsdbValue[] Defaults { get; }

    /// <summary>Returns the index of a column, or -1 if the shape does not have it.</summary>
    public int IndexOf(string name)
    {
        // There are few columns, and callers usually pass the string instance that the monitor was requested with.
        for (var i = 0; i < Names.Length; i++)
        {
            if (ReferenceEquals(Names[i], name))
            {
                return i;
            }
        }

        return _indexes.TryGetValue(name, out var index) ? index : -1;
    }

    /// <summary>
    /// Returns the index of the column that the reader's property name names, or -1. Servers send columns in a fixed order, so the search
    /// starts after <paramref name="last"/>, the index that the previous call found.
    /// </summary>
    public int IndexOf(ref Utf8JsonReader reader, int last)
    {
        for (var step = 1; step <= _utf8Names.Length; step++)
        {
            var i = (last + step) % _utf8Names.Length;
            if (reader.ValueTextEquals(_utf8Names[i]))
            {
                return i;
            }
        }
        return -1;
    }
}
