namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.1 &lt;mutation&gt; and &lt;mutator&gt;.</summary>
public sealed class MutationTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Theory]
    [InlineData("integer", "7", "+=", "2", "9")]
    [InlineData("integer", "7", "-=", "9", "-2")]
    [InlineData("integer", "7", "*=", "-3", "-21")]
    [InlineData("integer", "7", "/=", "2", "3")]
    [InlineData("integer", "7", "%=", "4", "3")]
    [InlineData("real", "1.5", "+=", "2", "3.5")]
    [InlineData("real", "1.5", "-=", "2", "-0.5")]
    [InlineData("real", "1.5", "*=", "2", "3")]
    [InlineData("real", "1.5", "/=", "3", "0.5")]
    [InlineData("integers", """["set",[1,2]]""", "*=", "10", """["set",[10,20]]""")]
    [InlineData("integers", """["set",[1,2]]""", "insert", """["set",[2,3]]""", """["set",[1,2,3]]""")]
    [InlineData("integers", """["set",[1,2]]""", "delete", """["set",[2,3]]""", "1")]
    [InlineData("integers", "1", "delete", "1", """["set",[]]""")]
    [InlineData("optional_string", """["set",[]]""", "insert", "\"x\"", "\"x\"")]
    [InlineData(
        "string_to_string",
        """["map",[["a","1"]]]""",
        "insert",
        """["map",[["a","2"],["b","3"]]]""",
        """["map",[["a","1"],["b","3"]]]"""
    )]
    [InlineData(
        "string_to_string",
        """["map",[["a","1"],["b","3"]]]""",
        "delete",
        """["map",[["a","1"],["b","4"]]]""",
        """["map",[["b","3"]]]"""
    )]
    [InlineData("string_to_string", """["map",[["a","1"],["b","3"]]]""", "delete", """["set",["a","b"]]""", """["map",[]]""")]
    [InlineData("string_to_string", """["map",[["a","1"],["b","3"]]]""", "delete", "\"a\"", """["map",[["b","3"]]]""")]
    public async Task A_mutation_changes_the_column(string column, string before, string mutator, string operand, string after)
    {
        var uuid = await allTypes.InsertAsync(AllTypesServer.Table, (column, ValueReader.Parse(before)));
        var result = await allTypes.CommitAsync(
            Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], new Mutation(column, mutator, ValueReader.Parse(operand)))
        );
        Assert.Equal(1, result[0].Count);
        Assert.Equal(ValueReader.Parse(after), (await allTypes.ReadAsync(AllTypesServer.Table, uuid, column))[column]);
    }

    [Theory]
    [InlineData("integer", "/=", "0", OvsdbError.DomainError, "Division by zero.")]
    [InlineData("integer", "%=", "0", OvsdbError.DomainError, "Division by zero.")]
    [InlineData("real", "/=", "0", OvsdbError.DomainError, "Division by zero.")]
    [InlineData("integer", "+=", "9223372036854775807", OvsdbError.RangeError, "Result of \"+=\" operation is out of range.")]
    [InlineData("integer", "*=", "9223372036854775807", OvsdbError.RangeError, "Result of \"*=\" operation is out of range.")]
    [InlineData("real", "*=", "1e308", OvsdbError.RangeError, "Result of \"*=\" operation is out of range.")]
    [InlineData(
        "one_to_three",
        "insert",
        """["set",[1,2,3]]""",
        OvsdbError.ConstraintViolation,
        "Attempted to store 4 elements in set of 1 to 3 integers."
    )]
    [InlineData("one_to_three", "delete", "7", OvsdbError.ConstraintViolation, "Attempted to store 0 elements in set of 1 to 3 integers.")]
    [InlineData("integers", "*=", "0", OvsdbError.ConstraintViolation, "Result of \"*=\" operation contains duplicates.")]
    [InlineData("integer", "**=", "2", OvsdbError.UnknownMutator, "No mutator named **=.")]
    [InlineData("real", "%=", "2", OvsdbError.SyntaxError, "\"%=\" operator may not be applied to column real of type real.")]
    [InlineData("string", "+=", "\"x\"", OvsdbError.SyntaxError, "\"+=\" operator may not be applied to column string of type string.")]
    [InlineData(
        "integer",
        "insert",
        "1",
        OvsdbError.SyntaxError,
        "\"insert\" operator may not be applied to column integer of type integer."
    )]
    [InlineData("integer", "+=", "\"x\"", OvsdbError.SyntaxError, "expected integer")]
    [InlineData("colour", "+=", "1", OvsdbError.UnknownColumn, "No column colour in table Every.")]
    public async Task An_invalid_mutation_is_rejected(string column, string mutator, string operand, string error, string details)
    {
        var uuid = await allTypes.InsertAsync(
            AllTypesServer.Table,
            ("integer", 7),
            ("real", 70.0),
            ("one_to_three", 7),
            ("integers", OvsdbValue.Set([1L, 2L]))
        );
        var rejection = await allTypes.RejectionAsync(
            Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], new Mutation(column, mutator, ValueReader.Parse(operand)))
        );
        Assert.Equal((error, 0), (rejection.Error.Error, rejection.OpIndex));
        Assert.Contains(details, rejection.Error.Details);
    }
}
