using System.Text.Json;
using NpgsqlTypes;

namespace OvnNestApi.Data;

/// <summary>Selects resources by their labels.</summary>
/// <param name="Labels">Required labels; a null value matches any value of the label.</param>
internal sealed record LabelSelector(IReadOnlyDictionary<string, string?> Labels)
{
    /// <summary>Returns the SQL condition that the JSON column has the labels; true without a selector.</summary>
    public static string Matches(string column) =>
        $"(@pairs::text IS NULL OR ({column}::jsonb @> @pairs::jsonb AND {column}::jsonb ?& @keys::text[]))";

    /// <summary>Returns the parameters of <see cref="Matches"/>.</summary>
    public static (string Name, object? Value)[] Parameters(LabelSelector? selector) =>
        [
            (
                "pairs",
                Sql.Typed(
                    NpgsqlDbType.Text,
                    selector is null
                        ? null
                        : JsonSerializer.Serialize(selector.Labels.Where(label => label.Value is not null).ToDictionary())
                )
            ),
            ("keys", selector?.Labels.Where(label => label.Value is null).Select(label => label.Key).ToArray() ?? []),
        ];
}
