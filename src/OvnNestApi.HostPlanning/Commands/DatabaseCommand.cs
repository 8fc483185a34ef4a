using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ovsdb;

namespace OvnNestApi.HostPlanning.Commands;

/// <summary>
/// The database commands that <c>ovn-nbctl</c> and <c>ovs-vsctl</c> have in common (ovs-vsctl(8), "Database Commands"), as lists of words.
/// </summary>
internal static partial class DatabaseCommand
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Joins commands to one that is carried out in one transaction.</summary>
    public static IEnumerable<string> Join(IEnumerable<IEnumerable<string>> commands) =>
        commands.SelectMany((command, index) => index == 0 ? command : command.Prepend("--"));

    /// <summary>Sets columns of a record.</summary>
    public static IEnumerable<string> Set(string table, string record, IEnumerable<string> assignments) =>
        ["set", table, record, .. assignments];

    /// <summary>Returns the assignment of a whole column.</summary>
    public static string Assign(string column, OvsdbValue value) => $"{column}={Text(value)}";

    /// <summary>Returns the assignments of single keys of a map; other keys stay.</summary>
    public static IEnumerable<string> AssignKeys(string column, IEnumerable<KeyValuePair<string, string>> pairs) =>
        pairs.Select(pair => $"{column}:{Text(pair.Key)}={Text(pair.Value)}");

    /// <summary>Returns the commands that do the same to a record as an update or mutation does.</summary>
    public static IEnumerable<IEnumerable<string>> Of(Op op, string record) =>
        op switch
        {
            UpdateOp update => [Set(update.Table, record, update.Row.Select(column => Assign(column.Key, column.Value)))],
            MutateOp mutate => OfMutations(mutate, record),
            _ => throw new NotSupportedException($"The operation {op.Name} has no command here."),
        };

    /// <summary>Returns a value in the notation of the commands: strings in quotes unless they are plain words.</summary>
    public static string Text(OvsdbValue value) =>
        value.Kind switch
        {
            OvsdbKind.String => Text(value.AsString()),
            OvsdbKind.Map => $"{{{string.Join(',', value.AsMap().Select(pair => $"{Text(pair.Key)}={Text(pair.Value)}"))}}}",
            OvsdbKind.Set => $"[{string.Join(',', value.AsSet().Select(Text))}]",
            _ => value.ToString(),
        };

    private static string Text(string text) => PlainWord().IsMatch(text) ? text : JsonSerializer.Serialize(text, Json);

    // A pair that a mutation inserts replaces the pair that another mutation of the same operation deletes.
    private static IEnumerable<IEnumerable<string>> OfMutations(MutateOp mutate, string record)
    {
        var inserted = mutate.Mutations.Where(mutation => mutation.Mutator == "insert").ToLookup(mutation => mutation.Column);
        foreach (var mutation in mutate.Mutations.Where(mutation => mutation.Mutator == "delete"))
        {
            var replaced = inserted[mutation.Column].SelectMany(insert => insert.Value.AsStringMap().Keys).ToHashSet();
            var keys = mutation.Value.AsStringSet().Except(replaced).Order(StringComparer.Ordinal).ToArray();
            if (keys.Length > 0)
            {
                yield return ["remove", mutate.Table, record, mutation.Column, .. keys.Select(key => Text(key))];
            }
        }

        var assignments = inserted.SelectMany(column => column.SelectMany(insert => AssignKeys(column.Key, insert.Value.AsStringMap())));
        if (assignments.Any())
        {
            yield return Set(mutate.Table, record, assignments);
        }
    }

    // Numbers and booleans have the same form without quotes in every type of column.
    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainWord();
}
