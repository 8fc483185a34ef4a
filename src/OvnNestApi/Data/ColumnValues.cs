using Npgsql;

namespace OvnNestApi.Data;

/// <summary>Values of named columns of a row.</summary>
internal static class ColumnValues
{
    /// <summary>Returns a boolean; false if it is null.</summary>
    public static bool Flag(this NpgsqlDataReader row, string column)
    {
        var i = row.GetOrdinal(column);
        return !row.IsDBNull(i) && row.GetBoolean(i);
    }

    /// <summary>Returns an id or null.</summary>
    public static Guid? Id(this NpgsqlDataReader row, string column)
    {
        var i = row.GetOrdinal(column);
        return row.IsDBNull(i) ? null : row.GetGuid(i);
    }

    /// <summary>Returns an integer or null.</summary>
    public static int? Number(this NpgsqlDataReader row, string column)
    {
        var i = row.GetOrdinal(column);
        return row.IsDBNull(i) ? null : row.GetInt32(i);
    }

    /// <summary>Returns a text or null.</summary>
    public static string? Text(this NpgsqlDataReader row, string column)
    {
        var i = row.GetOrdinal(column);
        return row.IsDBNull(i) ? null : row.GetString(i);
    }
}
