namespace Ovsdb;

/// <summary>A change of a column that depends on its present value (RFC 7047 §5.1).</summary>
/// <param name="Column">The column's name.</param>
/// <param name="Mutator"><c>insert</c>, <c>delete</c>, or for numbers <c>+=</c>, <c>-=</c>, <c>*=</c>, <c>/=</c>, <c>%=</c>.</param>
/// <param name="Value">The operand.</param>
public readonly record struct Mutation(string Column, string Mutator, OvsdbValue Value)
{
    /// <summary>Adds elements to a set or pairs to a map. A key that the map has keeps its present value.</summary>
    public static Mutation Insert(string column, OvsdbValue value) => new(column, "insert", value);

    /// <summary>Takes elements from a set; from a map the pairs given, or the keys given as a set.</summary>
    public static Mutation Delete(string column, OvsdbValue value) => new(column, "delete", value);

    /// <summary>Adds to an integer.</summary>
    public static Mutation Add(string column, long value) => new(column, "+=", value);
}
