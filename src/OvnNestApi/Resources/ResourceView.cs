using System.Text.Json;
using System.Text.Json.Serialization;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>An object as it is answered: what was asked, what is, and which version it is.</summary>
/// <typeparam name="TSpec">The kind's own fields.</typeparam>
/// <typeparam name="TStatus">What the kind tells of its state.</typeparam>
public abstract record ResourceView<TSpec, TStatus> : IResourceView
    where TStatus : ResourceStatus
{
    /// <summary>The object's name.</summary>
    [ValidName]
    public required string Name { get; init; }

    /// <summary>As sent; absent when none was sent.</summary>
    public string? Description { get; init; }

    /// <summary>As sent; absent when none were sent.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>What was asked for, as sent.</summary>
    public required RawSpec<TSpec> Spec { get; init; }

    /// <summary>What is: whether it is ready, why not, and the values in effect.</summary>
    public required TStatus Status { get; init; }

    /// <summary>Identity and version.</summary>
    public required Metadata Metadata { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public bool IsReady => Status.Ready;

    /// <inheritdoc/>
    [JsonIgnore]
    public Reason Reason => Status.Reason;
}

/// <summary>What is the same of every object's view.</summary>
public interface IResourceView
{
    /// <summary>The object's name.</summary>
    string Name { get; }

    /// <summary>Identity and version.</summary>
    Metadata Metadata { get; }

    /// <summary>All is as asked, everywhere.</summary>
    bool IsReady { get; }

    /// <summary>Ready, or the first cause why not.</summary>
    Reason Reason { get; }
}

/// <summary>Identity and version of an object.</summary>
/// <param name="Kind">network, router, host, vm or container.</param>
/// <param name="Vm">The VM that a container runs in; absent for other kinds.</param>
/// <param name="Id">This incarnation; a new object of the same name has another.</param>
/// <param name="Revision">Grows with each accepted change.</param>
/// <param name="Generation">Grows with each change of spec.</param>
/// <param name="CreatedAt">When this incarnation was created.</param>
/// <param name="UpdatedAt">When the last change was accepted.</param>
/// <param name="DeletingSince">Since when it is on its way out; null while it is to stay.</param>
public sealed record Metadata(
    string Kind,
    string? Vm,
    Guid Id,
    long Revision,
    long Generation,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? DeletingSince
)
{
    internal static Metadata Of(Resource resource, string kind, string? vm = null) =>
        new(kind, vm, resource.Id, resource.Revision, resource.Generation, resource.CreatedAt, resource.UpdatedAt, resource.DeletingSince);
}

/// <summary>What every kind tells of its state.</summary>
public abstract record ResourceStatus
{
    /// <summary>All is as asked, everywhere.</summary>
    [JsonPropertyOrder(-5)]
    public required bool Ready { get; init; }

    /// <summary>Ready, or the first cause why not.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<Reason>))]
    [JsonPropertyOrder(-4)]
    public required Reason Reason { get; init; }

    /// <summary>The reason in a sentence; empty when ready.</summary>
    [JsonPropertyOrder(-3)]
    public required string Message { get; init; }

    /// <summary>Since when the reason holds.</summary>
    [JsonPropertyOrder(-2)]
    public required DateTimeOffset Since { get; init; }

    /// <summary>How old the observation is; null before the first.</summary>
    [JsonPropertyOrder(-1)]
    public DateTimeOffset? ObservedAt { get; init; }
}

/// <summary>A spec as it was sent: JSON that is written out again as it is.</summary>
/// <param name="Text">A JSON object.</param>
[JsonConverter(typeof(RawSpecConverterFactory))]
public readonly record struct RawSpec<TSpec>(string Text);

internal sealed class RawSpecConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(RawSpec<>);

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter?)Activator.CreateInstance(typeof(RawSpecConverter<>).MakeGenericType(typeToConvert.GetGenericArguments()));
}

internal sealed class RawSpecConverter<TSpec> : JsonConverter<RawSpec<TSpec>>
{
    public override RawSpec<TSpec> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return new(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, RawSpec<TSpec> value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Text, skipInputValidation: true);
}
