using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using NpgsqlTypes;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>
/// Rows to insert or to update: one statement for any number of rows of a table, and one round trip for all statements. The entities are
/// not tracked; a column whose value PostgreSQL generates is left out.
/// </summary>
internal sealed class Rows(NestDb db)
{
    private static readonly ConcurrentDictionary<IEntityType, Table> Tables = new();

    private readonly List<string> _statements = [];
    private readonly List<(string Name, object? Value)> _parameters = [];

    /// <summary>Adds rows to insert, in this order.</summary>
    public void Insert<T>(IReadOnlyCollection<T> rows)
        where T : class => Add(rows, (table, parameter) => table.Insert(parameter));

    /// <summary>Adds rows whose columns are all to be set. The caller holds their locks.</summary>
    public void Update<T>(IReadOnlyCollection<T> rows)
        where T : class => Add(rows, (table, parameter) => table.Update(parameter));

    /// <summary>Stores what was added.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_statements.Count == 0)
        {
            return;
        }

        await db.ExecuteAsync(string.Join(";\n", _statements), cancellationToken, [.. _parameters]);
        _statements.Clear();
        _parameters.Clear();
    }

    private void Add<T>(IReadOnlyCollection<T> rows, Func<Table, string, string> statement)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        var type = db.Model.FindEntityType(typeof(T)) ?? throw new InvalidOperationException($"{typeof(T)} is not in the model.");
        var (table, parameter) = (Tables.GetOrAdd(type, type => new(type)), $"rows{_statements.Count}");
        _statements.Add(statement(table, parameter));
        _parameters.Add((parameter, Sql.Typed(NpgsqlDbType.Json, table.Write(rows))));
    }

    private sealed class Table(IEntityType type)
    {
        private readonly string? _name = type.GetTableName();
        private readonly Column[] _columns =
        [
            .. type.GetProperties()
                .Where(property => !property.IsShadowProperty() && property.GetDefaultValueSql() is null)
                .Select(property => new Column(property)),
        ];

        public string Insert(string parameter)
        {
            var columns = string.Join(", ", _columns.Select(column => column.Name));
            return $"INSERT INTO {_name} ({columns}) SELECT {columns} FROM {Values(parameter)}";
        }

        public string Update(string parameter)
        {
            var columns = _columns.Where(column => !column.IsKey).Select(column => $"{column.Name} = r.{column.Name}");
            return $"UPDATE {_name} t SET {string.Join(", ", columns)} FROM {Values(parameter)} r WHERE t.id = r.id";
        }

        /// <summary>Returns a JSON array with an object for each row.</summary>
        public byte[] Write<T>(IReadOnlyCollection<T> rows)
            where T : class
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true }))
            {
                json.WriteStartArray();
                foreach (var row in rows)
                {
                    json.WriteStartObject();
                    foreach (var column in _columns)
                    {
                        column.Write(json, row);
                    }

                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            return buffer.WrittenSpan.ToArray();
        }

        private string Values(string parameter) => $"json_populate_recordset(NULL::{_name}, @{parameter})";
    }

    private sealed class Column(IProperty property)
    {
        private readonly JsonEncodedText _json = JsonEncodedText.Encode(property.GetColumnName());
        private readonly IClrPropertyGetter _getter = property.GetGetter();
        private readonly Func<object?, object?>? _convert = property.GetTypeMapping().Converter?.ConvertToProvider;
        private readonly bool _isJson = property.GetColumnType() == "json";

        // The names of two columns of the change log are reserved words.
        public string Name { get; } = $"\"{property.GetColumnName()}\"";

        public bool IsKey { get; } = property.IsPrimaryKey();

        public void Write(Utf8JsonWriter json, object row)
        {
            var value = _getter.GetClrValue(row);
            json.WritePropertyName(_json);
            WriteValue(json, value is null || _convert is null ? value : _convert(value));
        }

        private void WriteValue(Utf8JsonWriter json, object? value)
        {
            switch (value)
            {
                case null:
                    json.WriteNullValue();
                    break;
                case string text when _isJson:
                    json.WriteRawValue(text, skipInputValidation: true);
                    break;
                case bool or int or long or string or Guid or DateTimeOffset or string[]:
                    JsonSerializer.Serialize(json, value, value.GetType());
                    break;
                case IPAddress or PhysicalAddress:
                    json.WriteStringValue(value.ToString());
                    break;
                default:
                    throw new NotSupportedException($"Column {Name} has a value of type {value.GetType()}.");
            }
        }
    }
}
