using System.Text;
using CsCheck;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §3.1: integers, reals, booleans, strings, UUIDs, as a server keeps them.</summary>
public sealed class AtomTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_integer_has_64_bits_and_a_sign()
    {
        var values = OvsdbValue.Set([long.MinValue, -1L, 0L, 1L, (1L << 53) + 1, long.MaxValue]);
        Assert.Equal(values, await KeptAsync("integers", values));
    }

    [Fact]
    public async Task A_real_is_told_with_15_digits()
    {
        var values = OvsdbValue.Set([-1.5, 0.0, 0.1, 3.0, 1e300, -1e-300, 123456789012345.0]);
        Assert.Equal(values, await KeptAsync("reals", values));
        Assert.Equal(OvsdbKind.Real, (await KeptAsync("real", 3.0)).Kind);
        Assert.Equal((OvsdbValue)0.3, await KeptAsync("real", 0.1 + 0.2));
    }

    [Fact]
    public async Task A_real_takes_an_integer_and_an_integer_no_real()
    {
        Assert.Equal((OvsdbValue)7.0, await KeptAsync("real", 7));
        var refusal = await every.RefusalAsync(Op.Insert(Every.Table, Nb.Row(("integer", 7.5))));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "expected integer (7.5)"), refusal.Error);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.MaxValue)]
    [InlineData(-double.MaxValue)]
    [InlineData(double.Epsilon)]
    [InlineData(2.2250738585072014e-308)]
    public void A_real_that_would_cost_the_connection_or_the_file_is_refused(double value) =>
        Assert.Throws<ArgumentException>(() => (OvsdbValue)value);

    [Theory]
    [InlineData(2.22507385850721e-308)]
    [InlineData(1.79769313486231e+308)]
    public async Task The_least_and_the_greatest_real_survive_a_restart(double value)
    {
        await using var other = new Every();
        await other.InitializeAsync();
        var uuid = await other.InsertAsync(Every.Table, ("real", value), ("reals", OvsdbValue.Set([-value, value])));
        await other.Server.KillAsync();
        await other.Server.StartAsync();
        await using var connection = await other.ConnectCheckedAsync();
        var row = (await connection.TransactAsync(Every.Name, [Op.Select(Every.Table, [Where.Uuid(uuid)])], Ct))
            .MustCommit()[0]
            .Rows.Single();
        Assert.Equal((value, -value), (row["real"].AsReal(), row["reals"].AsSet()[0].AsReal()));
    }

    [Fact]
    public async Task What_a_server_makes_of_a_real_beyond_the_range_is_read_all_the_same()
    {
        var uuid = await every.InsertAsync(Every.Table, ("real", 2.22507385850721e-308));
        await every.CommitAsync(Op.Mutate(Every.Table, [Where.Uuid(uuid)], new Mutation("real", "/=", 4.0)));
        Assert.InRange((await every.ReadAsync(Every.Table, uuid, "real"))["real"].AsReal(), double.Epsilon, 1e-308);
        await every.CommitAsync(Op.Delete(Every.Table, [Where.Uuid(uuid)]));
    }

    [Fact]
    public async Task A_boolean_is_true_or_false()
    {
        Assert.True((await KeptAsync("boolean", true)).AsBoolean());
        Assert.False((await KeptAsync("boolean", false)).AsBoolean());
    }

    [Fact]
    public async Task Text_of_any_kind_comes_back_as_it_went()
    {
        var texts = OvsdbValue.Set([
            "",
            " ",
            "\"\\/\b\f\n\r\t\u0001\u007f",
            "äöü €",
            "𝄞 \U0001F600",
            "\uFEFF\uFFFE\u2028",
            new string('x', 100_000),
            "<>&'+",
            "\\u0041",
        ]);
        Assert.Equal(texts, await KeptAsync("strings", texts));
    }

    [Fact]
    public void Text_of_any_kind_does_so_at_random() =>
        Gen
            .String.Where(text => !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text)
            .Array[0, 100]
            .Sample(
                texts => KeptAsync("strings", OvsdbValue.Set(texts)).GetAwaiter().GetResult() == OvsdbValue.Set(texts),
                iter: 20,
                threads: 1
            );

    [Fact]
    public void Text_that_would_cost_the_connection_is_refused() => Assert.All(["a\0b", "a\ud800b", "a\ud800", "\udc00"], text =>
        {
            Assert.Throws<ArgumentException>(() => (OvsdbValue)text);
            Assert.Throws<ArgumentException>(() => Op.Comment(text));
        });

    [Fact]
    public async Task A_uuid_is_no_text()
    {
        var uuid = Guid.NewGuid();
        Assert.Equal(uuid, (await KeptAsync("uuid", uuid)).AsUuid());
        var refusal = await every.RefusalAsync(Op.Insert(Every.Table, Nb.Row(("uuid", uuid.ToString()))));
        Assert.Equal((OvsdbError.SyntaxError, $"expected [\"uuid\", <string>] (\"{uuid}\")"), (refusal.Error.Error, refusal.Error.Details));
    }

    private async Task<OvsdbValue> KeptAsync(string column, OvsdbValue value)
    {
        var uuid = await every.InsertAsync(Every.Table, (column, value));
        await using var connection = await every.ConnectCheckedAsync();
        var select = Op.Select(Every.Table, [Where.Uuid(uuid)], [column]);
        return (await connection.TransactAsync(Every.Name, [select], Ct)).MustCommit()[0].Rows.Single()[column];
    }
}
