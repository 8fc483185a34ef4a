using System.Text;
using CsCheck;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §3.1: integers, reals, booleans, strings and UUIDs, as a server stores them.</summary>
public sealed class AtomTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_integer_is_a_signed_64_bit_number()
    {
        var values = OvsdbValue.Set([long.MinValue, -1L, 0L, 1L, (1L << 53) + 1, long.MaxValue]);
        Assert.Equal(values, await KeptAsync("integers", values));
    }

    [Fact]
    public async Task A_server_sends_15_digits_of_a_real()
    {
        var values = OvsdbValue.Set([-1.5, 0.0, 0.1, 3.0, 1e300, -1e-300, 123456789012345.0]);
        Assert.Equal(values, await KeptAsync("reals", values));
        Assert.Equal(OvsdbKind.Real, (await KeptAsync("real", 3.0)).Kind);
        Assert.Equal((OvsdbValue)0.3, await KeptAsync("real", 0.1 + 0.2));
    }

    [Fact]
    public async Task A_real_column_accepts_an_integer_but_an_integer_column_no_real()
    {
        Assert.Equal((OvsdbValue)7.0, await KeptAsync("real", 7));
        var rejection = await allTypes.RejectionAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("integer", 7.5))));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "expected integer (7.5)"), rejection.Error);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.MaxValue)]
    [InlineData(-double.MaxValue)]
    [InlineData(double.Epsilon)]
    [InlineData(2.2250738585072014e-308)]
    public void A_real_that_a_server_cannot_handle_is_rejected(double value) => Assert.Throws<ArgumentException>(() => (OvsdbValue)value);

    [Theory]
    [InlineData(2.22507385850721e-308)]
    [InlineData(1.79769313486231e+308)]
    public async Task The_smallest_and_largest_reals_survive_a_restart(double value)
    {
        await using var other = new AllTypesServer();
        await other.InitializeAsync();
        var uuid = await other.InsertAsync(AllTypesServer.Table, ("real", value), ("reals", OvsdbValue.Set([-value, value])));
        await other.Server.KillAsync();
        await other.Server.StartAsync();
        await using var connection = await other.ConnectCheckedAsync();
        var row = (await connection.TransactAsync(AllTypesServer.Name, [Op.Select(AllTypesServer.Table, [Where.Uuid(uuid)])], Ct))
            .MustCommit()[0]
            .Rows.Single();
        Assert.Equal((value, -value), (row["real"].AsReal(), row["reals"].AsSet()[0].AsReal()));
    }

    [Fact]
    public async Task A_real_that_the_server_has_rounded_out_of_range_can_be_read()
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Table, ("real", 2.22507385850721e-308));
        await allTypes.CommitAsync(Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], new Mutation("real", "/=", 4.0)));
        Assert.InRange((await allTypes.ReadAsync(AllTypesServer.Table, uuid, "real"))["real"].AsReal(), double.Epsilon, 1e-308);
        await allTypes.CommitAsync(Op.Delete(AllTypesServer.Table, [Where.Uuid(uuid)]));
    }

    [Fact]
    public async Task A_boolean_is_stored_and_read()
    {
        Assert.True((await KeptAsync("boolean", true)).AsBoolean());
        Assert.False((await KeptAsync("boolean", false)).AsBoolean());
    }

    [Fact]
    public async Task A_string_is_read_as_it_was_written()
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
    public void A_random_string_is_read_as_it_was_written() =>
        Gen
            .String.Where(text => !text.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text)
            .Array[0, 100]
            .Sample(
                texts => KeptAsync("strings", OvsdbValue.Set(texts)).GetAwaiter().GetResult() == OvsdbValue.Set(texts),
                iter: 20,
                threads: 1
            );

    [Fact]
    public void A_string_that_a_server_cannot_handle_is_rejected() => Assert.All(["a\0b", "a\ud800b", "a\ud800", "\udc00"], text =>
        {
            Assert.Throws<ArgumentException>(() => (OvsdbValue)text);
            Assert.Throws<ArgumentException>(() => Op.Comment(text));
        });

    [Fact]
    public async Task A_string_is_not_accepted_as_a_UUID()
    {
        var uuid = Guid.NewGuid();
        Assert.Equal(uuid, (await KeptAsync("uuid", uuid)).AsUuid());
        var rejection = await allTypes.RejectionAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("uuid", uuid.ToString()))));
        Assert.Equal(
            (OvsdbError.SyntaxError, $"expected [\"uuid\", <string>] (\"{uuid}\")"),
            (rejection.Error.Error, rejection.Error.Details)
        );
    }

    private async Task<OvsdbValue> KeptAsync(string column, OvsdbValue value)
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Table, (column, value));
        await using var connection = await allTypes.ConnectCheckedAsync();
        var select = Op.Select(AllTypesServer.Table, [Where.Uuid(uuid)], [column]);
        return (await connection.TransactAsync(AllTypesServer.Name, [select], Ct)).MustCommit()[0].Rows.Single()[column];
    }
}
