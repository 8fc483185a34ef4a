using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads schemas (RFC 7047 §3.2).</summary>
public static class SchemaReader
{
    extension(DatabaseSchema)
    {
        /// <summary>Reads a schema from the text of an <c>.ovsschema</c> file or of the answer to <c>get_schema</c>.</summary>
        /// <exception cref="JsonException">The text is not a valid schema.</exception>
        public static DatabaseSchema Parse(string json)
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
    }

    internal static DatabaseSchema Read(JsonElement json)
    {
        try
        {
            return new DatabaseSchema(
                json.GetProperty("name").GetString() ?? "",
                json.TryGetProperty("version", out var version) ? version.GetString() ?? "" : "",
                json.GetProperty("tables")
                    .EnumerateObject()
                    .ToDictionary(table => table.Name, table => ReadTable(table.Name, table.Value), StringComparer.Ordinal)
            );
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("The JSON is not a valid database schema (RFC 7047 §3.2).", e);
        }
    }

    private static TableSchema ReadTable(string name, JsonElement json) =>
        new(
            name,
            json.GetProperty("columns")
                .EnumerateObject()
                .ToDictionary(column => column.Name, column => ReadColumn(column.Name, column.Value), StringComparer.Ordinal),
            json.TryGetProperty("isRoot", out var root) && root.GetBoolean(),
            json.TryGetProperty("indexes", out var indexes) ? [.. indexes.EnumerateArray().Select(ReadNames)] : []
        );

    private static IReadOnlyList<string> ReadNames(JsonElement json) => [.. json.EnumerateArray().Select(name => name.GetString() ?? "")];

    private static ColumnSchema ReadColumn(string name, JsonElement json) =>
        new(
            name,
            ReadColumnType(json.GetProperty("type")),
            !json.TryGetProperty("mutable", out var mutable) || mutable.GetBoolean(),
            json.TryGetProperty("ephemeral", out var ephemeral) && ephemeral.GetBoolean()
        );

    private static ColumnType ReadColumnType(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return new ColumnType(ReadBaseType(json), null, 1, 1);
        }

        return new ColumnType(
            ReadBaseType(json.GetProperty("key")),
            json.TryGetProperty("value", out var value) ? ReadBaseType(value) : null,
            json.TryGetProperty("min", out var min) ? min.GetInt32() : 1,
            json.TryGetProperty("max", out var max) ? ReadMaximum(max) : 1
        );
    }

    private static int ReadMaximum(JsonElement json) =>
        json.ValueKind == JsonValueKind.String && json.ValueEquals("unlimited") ? int.MaxValue : json.GetInt32();

    private static BaseType ReadBaseType(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return new BaseType(KindOf(json.GetString()));
        }

        var type = new BaseType(KindOf(json.GetProperty("type").GetString()));
        return type with
        {
            Enum = json.TryGetProperty("enum", out var allowed)
                ? ValueReader.Parse(allowed.GetRawText(), new ColumnType(type, null, 1, int.MaxValue)).AsSet()
                : null,
            MinInteger = json.TryGetProperty("minInteger", out var minInteger) ? minInteger.GetInt64() : null,
            MaxInteger = json.TryGetProperty("maxInteger", out var maxInteger) ? maxInteger.GetInt64() : null,
            MinReal = json.TryGetProperty("minReal", out var minReal) ? minReal.GetDouble() : null,
            MaxReal = json.TryGetProperty("maxReal", out var maxReal) ? maxReal.GetDouble() : null,
            MinLength = json.TryGetProperty("minLength", out var minLength) ? minLength.GetInt32() : null,
            MaxLength = json.TryGetProperty("maxLength", out var maxLength) ? maxLength.GetInt32() : null,
            RefTable = json.TryGetProperty("refTable", out var refTable) ? refTable.GetString() : null,
            IsWeakReference = json.TryGetProperty("refType", out var refType) && refType.ValueEquals("weak"),
        };
    }

    private static OvsdbKind KindOf(string? type) =>
        type switch
        {
            "integer" => OvsdbKind.Integer,
            "real" => OvsdbKind.Real,
            "boolean" => OvsdbKind.Boolean,
            "string" => OvsdbKind.String,
            "uuid" => OvsdbKind.Uuid,
            _ => throw new JsonException($"\"{type}\" is not a valid atomic type (RFC 7047 §3.2)."),
        };
}
