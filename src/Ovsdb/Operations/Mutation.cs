namespace Ovsdb;

/// <summary>A change of a column that depends on its current value (RFC 7047 §5.1).</summary>
/// <param name="Column">The name of the column.</param>
/// <param name="Mutator"><c>insert</c>, <c>delete</c>, or for numbers <c>+=</c>, <c>-=</c>, <c>*=</c>, <c>/=</c>, <c>%=</c>.</param>
/// <param name="Value">The operand.</param>
public readonly record struct Mutation(string Column, string Mutator, OvsdbValue Value)
{
    /// <summary>Adds elements to a set or pairs to a map. If the map already has a key, its current value stays.</summary>
    public static Mutation Insert(string column, OvsdbValue value) => new(column, "insert", value);

    /// <summary>Removes elements from a set. Removes pairs from a map, or, if the value is a set, the pairs with these keys.</summary>
    public static Mutation Delete(string column, OvsdbValue value) => new(column, "delete", value);

    /// <summary>Adds a number to an integer.</summary>
    public static Mutation Add(string column, long value) => new(column, "+=", value);
}
