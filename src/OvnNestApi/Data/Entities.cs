using System.Collections.Concurrent;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>
/// Reads entities with SQL. For a few rows Entity Framework needs several times the CPU time of the statement to find its compiled query;
/// this class uses only its mapping. The counterpart for writing is <see cref="Rows"/>.
/// </summary>
internal static class Entities
{
    private static readonly ConcurrentDictionary<IEntityType, object> Tables = new();

    /// <summary>Runs a SELECT of entities. They are not tracked.</summary>
    /// <param name="rest">The statement after FROM and the name of the table.</param>
    public static Task<List<T>> SelectAsync<T>(
        this NestDb db,
        string rest,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
        where T : class
    {
        var table = db.EntityTable<T>();
        return db.QueryAsync($"{table.Select} {rest}", table.Read, cancellationToken, parameters);
    }

    /// <summary>Returns the table of an entity.</summary>
    public static EntityTable<T> EntityTable<T>(this NestDb db)
        where T : class
    {
        var type = db.Model.FindEntityType(typeof(T)) ?? throw new InvalidOperationException($"{typeof(T)} is not in the model.");
        return (EntityTable<T>)Tables.GetOrAdd(type, type => new EntityTable<T>(type));
    }
}

/// <summary>The table of an entity: its columns, and how an entity is read from them.</summary>
internal sealed class EntityTable<T>
    where T : class
{
    private readonly IProperty[] _properties;
    private readonly Func<NpgsqlDataReader, int, T> _read;

    public EntityTable(IEntityType type)
    {
        Name = type.GetTableName() ?? throw new InvalidOperationException($"{type} has no table.");
        _properties = [.. type.GetProperties().Where(property => !property.IsShadowProperty())];
        Select = $"SELECT {Columns(Name)} FROM {Name}";
        var (row, first) = (Expression.Parameter(typeof(NpgsqlDataReader)), Expression.Parameter(typeof(int)));
        var values = _properties.Select((property, i) => Bind(property, row, Expression.Add(first, Expression.Constant(i))));
        _read = Expression
            .Lambda<Func<NpgsqlDataReader, int, T>>(Expression.MemberInit(Expression.New(typeof(T)), values), row, first)
            .Compile();
    }

    public string Name { get; }

    /// <summary>The start of a statement: SELECT, all columns, FROM, and the name of the table.</summary>
    public string Select { get; }

    /// <summary>Number of columns.</summary>
    public int Count => _properties.Length;

    /// <summary>Returns the list of all columns.</summary>
    /// <param name="alias">Name of the table in the statement.</param>
    public string Columns(string alias) => string.Join(", ", _properties.Select(property => $"{alias}.\"{property.GetColumnName()}\""));

    /// <summary>Reads an entity from the first columns of a row.</summary>
    public T Read(NpgsqlDataReader row) => _read(row, 0);

    /// <summary>Reads an entity from the columns of a row that begin with this one.</summary>
    public T Read(NpgsqlDataReader row, int first) => _read(row, first);

    private static MemberAssignment Bind(IProperty property, Expression row, Expression column)
    {
        var member = property.PropertyInfo ?? throw new InvalidOperationException($"{property} has no setter.");
        var converter = property.GetTypeMapping().Converter;
        var stored = converter?.ProviderClrType ?? Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        Expression value = Expression.Call(row, nameof(NpgsqlDataReader.GetFieldValue), [stored], column);
        value = converter is null ? value : Expression.Invoke(converter.ConvertFromProviderExpression, value);
        value = value.Type == property.ClrType ? value : Expression.Convert(value, property.ClrType);
        if (property.IsNullable)
        {
            var isNull = Expression.Call(row, nameof(NpgsqlDataReader.IsDBNull), [], column);
            value = Expression.Condition(isNull, Expression.Default(property.ClrType), value);
        }

        return Expression.Bind(member, value);
    }
}
