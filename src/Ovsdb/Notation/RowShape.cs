using System.Text;

namespace Ovsdb;

/// <summary>The columns that the rows of one table, or of one answer, have in common: kept once instead of in each row.</summary>
internal sealed class RowShape
{
    private readonly Dictionary<string, int> _indexes;
    private readonly byte[][] _utf8Names;

    /// <summary>A shape of these columns, typed where the schema is known.</summary>
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

    /// <summary>The type of each column; null where no schema is known.</summary>
    public ColumnType?[] Types { get; }

    /// <summary>What a column holds that the server leaves out of a new row.</summary>
    public OvsdbValue[] Defaults { get; }

    public int IndexOf(string name)
    {
        // Most often it is the very text that the monitor was asked with, and there are few columns.
        for (var i = 0; i < Names.Length; i++)
        {
            if (ReferenceEquals(Names[i], name))
            {
                return i;
            }
        }

        return _indexes.TryGetValue(name, out var index) ? index : -1;
    }

    /// <summary>The column at the reader's property name. Servers send columns in one order, so the search starts behind the last hit.</summary>
    public int IndexOf(ref System.Text.Json.Utf8JsonReader reader, int last)
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
