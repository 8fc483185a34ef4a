using System.Globalization;
using System.Text;
using CsCheck;

namespace Ovsdb.Tests;

/// <summary>Random rows of <see cref="AllTypesServer.Table"/>, and clients of that table.</summary>
internal static class AllTypesRow
{
    private static readonly Gen<OvsdbValue> Integer = Gen.OneOf(Gen.Long, Gen.Long[-3, 3]).Select(number => (OvsdbValue)number);

    // Rounded to 15 digits, as a server sends them.
    private static readonly Gen<OvsdbValue> Real = Gen.OneOf(Gen.Double, Gen.Double[-3, 3])
        .Where(number => number == 0 || Math.Abs(number) is > 1e-307 and < 1e308)
        .Select(number => (OvsdbValue)double.Parse(number.ToString("G15", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));

    private static readonly Gen<OvsdbValue> Boolean = Gen.Bool.Select(value => (OvsdbValue)value);

    private static readonly Gen<OvsdbValue> Text = Gen.OneOf(Gen.String, Gen.String[Gen.Char['a', 'c'], 0, 2])
        .Where(text => !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text)
        .Select(text => (OvsdbValue)text);

    private static readonly Gen<OvsdbValue> Uuid = Gen.Guid.Select(uuid => (OvsdbValue)uuid);

    private static readonly Dictionary<string, Gen<OvsdbValue>> Columns = new()
    {
        ["integer"] = Integer,
        ["real"] = Real,
        ["boolean"] = Boolean,
        ["string"] = Text,
        ["uuid"] = Uuid,
        ["optional_integer"] = SetOf(Integer, 0, 1),
        ["optional_real"] = SetOf(Real, 0, 1),
        ["optional_boolean"] = SetOf(Boolean, 0, 1),
        ["optional_string"] = SetOf(Text, 0, 1),
        ["optional_uuid"] = SetOf(Uuid, 0, 1),
        ["integers"] = SetOf(Integer, 0, 8),
        ["reals"] = SetOf(Real, 0, 8),
        ["booleans"] = SetOf(Boolean, 0, 2),
        ["strings"] = SetOf(Text, 0, 8),
        ["uuids"] = SetOf(Uuid, 0, 8),
        ["one_to_three"] = SetOf(Integer, 1, 3),
        ["string_to_string"] = MapOf(Text, Text, 0, 8),
        ["integer_to_real"] = MapOf(Integer, Real, 0, 8),
        ["real_to_boolean"] = MapOf(Real, Boolean, 0, 8),
        ["uuid_to_integer"] = MapOf(Uuid, Integer, 0, 8),
        ["optional_pair"] = MapOf(Text, Integer, 0, 1),
        ["exactly_one_pair"] = MapOf(Text, Integer, 1, 1),
    };

    /// <summary>Random values for some of the columns.</summary>
    public static Gen<Dictionary<string, OvsdbValue>> Any { get; } =
        Gen.Shuffle(Columns.Keys.ToArray(), 0, Columns.Count)
            .SelectMany(chosen =>
                chosen.Aggregate(Gen.Const(new Dictionary<string, OvsdbValue>()), (rows, column) =>
                    Gen.Select(rows, Columns[column], (row, value) => new Dictionary<string, OvsdbValue>(row) { [column] = value })
                )
            );

    public static ReplicaIndex ByString { get; } = ReplicaIndex.ByColumn("by string", AllTypesServer.Table, "string");

    public static ReplicaIndex ByMark { get; } = ReplicaIndex.ByMapKey("by mark", AllTypesServer.Table, "string_to_string", "a");

    /// <summary>All columns of the rows that match any of the conditions.</summary>
    public static MonitoredTable Monitored(IReadOnlyList<Where>? where) => new(AllTypesServer.Table, [.. Columns.Keys], where);

    /// <summary>Starts a client of the table.</summary>
    public static OvsdbClient Client(string endpoint, IReadOnlyList<Where>? where = null)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = AllTypesServer.Name,
                Monitor = [Monitored(where)],
                Indexes = [ByString, ByMark],
            }
        );
        client.Start();
        return client;
    }

    private static Gen<OvsdbValue> SetOf(Gen<OvsdbValue> atom, int min, int max) => atom.Array[min, max].Select(OvsdbValue.Set);

    private static Gen<OvsdbValue> MapOf(Gen<OvsdbValue> key, Gen<OvsdbValue> value, int min, int max) =>
        Gen.Select(key, value)
            .Array[min, max]
            .Select(pairs =>
                OvsdbValue.MapOf(pairs.DistinctBy(pair => pair.Item1).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2)))
            );
}
