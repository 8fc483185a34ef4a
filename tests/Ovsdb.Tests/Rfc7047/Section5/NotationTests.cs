using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.1: values and their JSON.</summary>
public sealed class NotationTests
{
    private static readonly Gen<OvsdbValue> Text = Gen.String.Where(IsValid).Select(text => (OvsdbValue)text);

    private static readonly Gen<OvsdbValue> Atom = Gen.OneOf(
        Text,
        Gen.Long.Select(number => (OvsdbValue)number),
        Gen.Double.Where(number => number == 0 || Math.Abs(number) is > 1e-307 and < 1e308).Select(number => (OvsdbValue)number),
        Gen.Bool.Select(truth => (OvsdbValue)truth),
        Gen.Guid.Select(uuid => (OvsdbValue)uuid),
        Gen.String[Gen.Char['a', 'z'], 1, 8].Select(OvsdbValue.NamedUuid)
    );

    private static readonly Gen<OvsdbValue> Any = Gen.OneOf(
        Atom,
        Atom.Array[0, 12].Select(OvsdbValue.Set),
        Gen.Select(Atom, Atom)
            .Array[0, 12]
            .Select(pairs =>
                OvsdbValue.MapOf(pairs.DistinctBy(pair => pair.Item1).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2)))
            )
    );

    [Fact]
    public void A_value_is_unchanged_after_writing_and_reading() => Any.Sample(value => ValueReader.Parse(Json(value)) == value);

    [Fact]
    public void The_order_and_repetition_of_its_elements_do_not_change_a_set() =>
        Atom.Array[0, 12]
            .Sample(atoms =>
            {
                var (one, other) = (OvsdbValue.Set(atoms), OvsdbValue.Set(atoms.Reverse().Concat(atoms)));
                return one == other && one.GetHashCode() == other.GetHashCode();
            });

    [Fact]
    public void Equal_values_have_equal_hashes_and_compare_as_equal() =>
        Gen.Select(Any, Any)
            .Sample(
                (a, b) =>
                    (a == b) == (a.CompareTo(b) == 0) && (a != b || a.GetHashCode() == b.GetHashCode()) && a.CompareTo(b) == -b.CompareTo(a)
            );

    [Fact]
    public void Applying_a_set_difference_twice_restores_the_set() =>
        Gen.Select(Atom.Array[0, 12], Atom.Array[0, 12])
            .Sample(
                (a, b) =>
                {
                    var type = new ColumnType(new BaseType(OvsdbKind.String), null, 0, int.MaxValue);
                    var difference = OvsdbValue.Set(a.Except(b).Concat(b.Except(a)));
                    return ColumnDifference.Apply(OvsdbValue.Set(a), difference, type) == OvsdbValue.Set(b)
                        && ColumnDifference.Apply(OvsdbValue.Set(b), difference, type) == OvsdbValue.Set(a);
                }
            );

    [Fact]
    public void A_set_with_one_element_equals_the_element()
    {
        Assert.Equal("""["set",[]]""", Json(OvsdbValue.Empty));
        Assert.Equal("\"a\"", Json(OvsdbValue.Set(["a"])));
        Assert.Equal((OvsdbValue)"a", ValueReader.Parse("""["set",["a"]]"""));
        Assert.Equal("""["set",["a","b"]]""", Json(OvsdbValue.Set(["b", "a", "b"])));
    }

    [Fact]
    public void An_empty_value_is_written_as_a_set_or_map_depending_on_its_column()
    {
        var map = new ColumnType(new BaseType(OvsdbKind.String), new BaseType(OvsdbKind.String), 0, int.MaxValue);
        var set = new ColumnType(new BaseType(OvsdbKind.String), null, 0, int.MaxValue);
        Assert.Equal(OvsdbValue.Empty, OvsdbValue.EmptyMap);
        Assert.Equal("""["map",[]]""", Json(OvsdbValue.Empty, map));
        Assert.Equal("""["set",[]]""", Json(OvsdbValue.EmptyMap, set));
        Assert.Equal("""["map",[]]""", Json(OvsdbValue.EmptyMap));
    }

    [Fact]
    public async Task With_a_known_schema_an_empty_set_and_an_empty_map_are_interchangeable()
    {
        await using var allTypes = new AllTypesServer();
        await allTypes.InitializeAsync();
        await using var connection = await allTypes.ConnectCheckedAsync();
        var row = Nb.Row(("string_to_string", OvsdbValue.Empty), ("strings", OvsdbValue.EmptyMap), ("optional_pair", OvsdbValue.Empty));
        (
            await connection.TransactAsync(
                AllTypesServer.Name,
                [Op.Insert(AllTypesServer.Table, row), Op.Update(AllTypesServer.Table, [], row)],
                TestContext.Current.CancellationToken
            )
        ).MustCommit();
    }

    [Fact]
    public void An_integer_token_in_a_real_column_is_read_as_a_real()
    {
        var real = ValueReader.Parse("3", new ColumnType(new BaseType(OvsdbKind.Real), null, 1, 1));
        Assert.Equal(OvsdbKind.Real, real.Kind);
        Assert.Equal((OvsdbValue)3, real);
        Assert.NotEqual((OvsdbValue)long.MaxValue, (OvsdbValue)(double)long.MaxValue);
    }

    [Fact]
    public void A_map_finds_values_by_key()
    {
        var map = OvsdbValue
            .Map(
                new Dictionary<string, string>
                {
                    ["b"] = "2",
                    ["a"] = "1",
                    ["c"] = "",
                }
            )
            .AsStringMap();
        Assert.Equal("1", map["a"]);
        Assert.False(map.ContainsKey("d"));
        Assert.Null(map.GetValueOrDefault("d"));
        Assert.Equal(["a", "b", "c"], map.Keys);
        Assert.Empty(OvsdbValue.Empty.AsStringMap());
    }

    [Fact]
    public void Reading_a_value_as_another_kind_throws_with_the_value() =>
        Assert.Contains("\"x\" is not an integer", Assert.Throws<InvalidOperationException>(() => ((OvsdbValue)"x").AsInteger()).Message);

    [Fact]
    public void Operations_with_equal_contents_are_equal()
    {
        var uuid = Guid.NewGuid();
        Op Insert(string name) =>
            Op.Insert("T", new Dictionary<string, OvsdbValue> { ["name"] = name, ["tags"] = OvsdbValue.Set([2L, 1L]) }, uuid);
        Assert.Equal(Insert("a"), Insert("a"));
        Assert.NotEqual(Insert("a"), Insert("b"));
        Assert.Equal(Op.Mutate("T", [Where.Uuid(uuid)], Mutation.Add("n", 1)), Op.Mutate("T", [Where.Uuid(uuid)], [Mutation.Add("n", 1)]));
        Assert.Equal(
            "{\"op\":\"insert\",\"table\":\"T\",\"uuid\":\"" + uuid + "\",\"row\":{\"name\":\"a\",\"tags\":[\"set\",[1,2]]}}",
            Insert("a").ToString()
        );
    }

    [Theory]
    [InlineData("unix:/run/x.sock")]
    [InlineData("tcp:127.0.0.1:6641")]
    [InlineData("tcp:[::1]:6641")]
    [InlineData("tcp:db.example:6641")]
    [InlineData("ssl:db.example:6641")]
    [InlineData("ssl:[::1]:6641")]
    public void Endpoints_have_the_same_notation_as_in_Open_vSwitch(string text) =>
        Assert.Equal(text, OvsdbEndpoint.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("unix:")]
    [InlineData("tcp:127.0.0.1")]
    [InlineData("tcp:127.0.0.1:0")]
    [InlineData("tcp:::1:6641")]
    [InlineData("tcp:[127.0.0.1]:6641")]
    [InlineData("ssl:127.0.0.1")]
    [InlineData("ssl:::1:6641")]
    [InlineData("/run/x.sock")]
    public void An_invalid_endpoint_is_rejected(string text) => Assert.Throws<FormatException>(() => OvsdbEndpoint.Parse(text));

    private static bool IsValid(string text) => !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static string Json(OvsdbValue value, ColumnType? type = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ValueWriter.Options))
        {
            ValueWriter.Write(json, value, type);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
