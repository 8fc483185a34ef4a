
namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.1 &lt;condition&gt; and &lt;function&gt;.</summary>
public sealed class ConditionTests(Every every) : IClassFixture<Every>
{
    // One row with these values against each condition, as a select sees it.
    [Theory]
    [InlineData("integer", "==", "5", true)]
    [InlineData("integer", "!=", "5", false)]
    [InlineData("integer", "<", "6", true)]
    [InlineData("integer", "<=", "5", true)]
    [InlineData("integer", ">", "5", false)]
    [InlineData("integer", ">=", "5", true)]
    [InlineData("integer", "includes", "5", true)]
    [InlineData("integer", "excludes", "5", false)]
    [InlineData("real", "<", "1.5", false)]
    [InlineData("real", "<=", "1.5", true)]
    [InlineData("real", ">", "1", true)]
    [InlineData("boolean", "==", "true", true)]
    [InlineData("string", "!=", "\"text\"", false)]
    [InlineData("uuid", "==", """["uuid","00000000-0000-0000-0000-000000000000"]""", true)]
    [InlineData("optional_integer", "<", "8", true)]
    [InlineData("optional_integer", "==", """["set",[]]""", false)]
    [InlineData("optional_real", "<", "8", false)]
    [InlineData("optional_real", "==", """["set",[]]""", true)]
    [InlineData("integers", "==", """["set",[1,2,3]]""", true)]
    [InlineData("integers", "==", "1", false)]
    [InlineData("integers", "includes", """["set",[3,1]]""", true)]
    [InlineData("integers", "includes", """["set",[3,4]]""", false)]
    [InlineData("integers", "includes", """["set",[]]""", true)]
    [InlineData("integers", "excludes", """["set",[3,4]]""", false)]
    [InlineData("integers", "excludes", "4", true)]
    [InlineData("string_to_string", "==", """["map",[["k","v"],["l","w"]]]""", true)]
    [InlineData("string_to_string", "includes", """["map",[["k","v"]]]""", true)]
    [InlineData("string_to_string", "includes", """["map",[["k","w"]]]""", false)]
    [InlineData("string_to_string", "excludes", """["map",[["k","w"]]]""", true)]
    public async Task A_row_is_chosen_by(string column, string function, string json, bool chosen)
    {
        var uuid = await every.InsertAsync(
            Every.Table,
            ("integer", 5),
            ("real", 1.5),
            ("boolean", true),
            ("string", "text"),
            ("optional_integer", 7),
            ("integers", OvsdbValue.Set([1L, 2L, 3L])),
            ("string_to_string", Nb.Marks(("k", "v"), ("l", "w")))
        );
        var result = await every.CommitAsync(
            Op.Select(Every.Table, [Where.Uuid(uuid), new Where(column, function, ValueReader.Parse(json))], ["_uuid"])
        );
        Assert.Equal(chosen, result[0].Rows.Count == 1);
    }

    [Theory]
    [InlineData("string", "<", "\"x\"", "\"<\" operator may not be applied to column string of type string.")]
    [InlineData("boolean", ">=", "true", "\">=\" operator may not be applied to column boolean of type boolean.")]
    [InlineData("integers", "<", "3", "\"<\" operator may not be applied to column integers of type set of integers.")]
    [InlineData(
        "string_to_string",
        ">",
        "3",
        "\">\" operator may not be applied to column string_to_string of type map of (string, string) pairs."
    )]
    [InlineData("integer", "==", "\"x\"", "expected integer")]
    [InlineData("_uuid", "==", "\"x\"", "expected [\"uuid\", <string>]")]
    public async Task What_cannot_be_compared_is_a_syntax_error(string column, string function, string json, string details)
    {
        var refusal = await every.RefusalAsync(Op.Select(Every.Table, [new Where(column, function, ValueReader.Parse(json))]));
        Assert.Equal(OvsdbError.SyntaxError, refusal.Error.Error);
        Assert.Contains(details, refusal.Error.Details);
    }

    [Fact]
    public async Task A_function_that_is_none_is_told()
    {
        var refusal = await every.RefusalAsync(Op.Select(Every.Table, [new Where("integer", "like", 5)]));
        Assert.Equal(new OvsdbError(OvsdbError.UnknownFunction, "No function named like."), refusal.Error);
    }

    [Fact]
    public async Task All_must_hold_and_none_means_every_row()
    {
        await every.InsertAsync(Every.Parent, ("name", "a"));
        await every.InsertAsync(Every.Parent, ("name", "b"));
        var both = await every.CommitAsync(
            Op.Select(Every.Parent, [Where.Equal("name", "a"), new Where("name", "!=", "b")]),
            Op.Select(Every.Parent, [Where.Equal("name", "a"), Where.Equal("name", "b")]),
            Op.Select(Every.Parent, [])
        );
        Assert.Equal([1, 0, 2], both.Select(result => result.Rows.Count));
    }
}
