namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.1 &lt;condition&gt; and &lt;function&gt;.</summary>
public sealed class ConditionTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    // Each condition is applied to one row with these values by a select.
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
    public async Task A_condition_selects_the_matching_rows(string column, string function, string json, bool chosen)
    {
        var uuid = await allTypes.InsertAsync(
            AllTypesServer.Table,
            ("integer", 5),
            ("real", 1.5),
            ("boolean", true),
            ("string", "text"),
            ("optional_integer", 7),
            ("integers", OvsdbValue.Set([1L, 2L, 3L])),
            ("string_to_string", Nb.Marks(("k", "v"), ("l", "w")))
        );
        var result = await allTypes.CommitAsync(
            Op.Select(AllTypesServer.Table, [Where.Uuid(uuid), new Where(column, function, ValueReader.Parse(json))], ["_uuid"])
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
    public async Task A_condition_of_incompatible_types_is_a_syntax_error(string column, string function, string json, string details)
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Select(AllTypesServer.Table, [new Where(column, function, ValueReader.Parse(json))])
        );
        Assert.Equal(OvsdbError.SyntaxError, rejection.Error.Error);
        Assert.Contains(details, rejection.Error.Details);
    }

    [Fact]
    public async Task An_unknown_function_is_rejected()
    {
        var rejection = await allTypes.RejectionAsync(Op.Select(AllTypesServer.Table, [new Where("integer", "like", 5)]));
        Assert.Equal(new OvsdbError(OvsdbError.UnknownFunction, "No function named like."), rejection.Error);
    }

    [Fact]
    public async Task A_row_must_match_all_conditions_and_no_conditions_match_every_row()
    {
        await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "a"));
        await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "b"));
        var both = await allTypes.CommitAsync(
            Op.Select(AllTypesServer.Parent, [Where.Equal("name", "a"), new Where("name", "!=", "b")]),
            Op.Select(AllTypesServer.Parent, [Where.Equal("name", "a"), Where.Equal("name", "b")]),
            Op.Select(AllTypesServer.Parent, [])
        );
        Assert.Equal([1, 0, 2], both.Select(result => result.Rows.Count));
    }
}
