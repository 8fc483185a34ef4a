using System.Text.Json;
using System.Text.Json.Serialization;
using OvnNestApi.Http;
using OvnNestApi.Plans;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>A resource in a response: requested state, observed state and version.</summary>
/// <typeparam name="TSpec">Fields of the kind.</typeparam>
/// <typeparam name="TStatus">Status of the kind.</typeparam>
public abstract record ResourceView<TSpec, TStatus> : IResourceView
    where TStatus : ResourceStatus
{
    /// <summary>Name of the resource.</summary>
    [ValidName]
    public required string Name { get; init; }

    /// <summary>Description as sent; absent if not sent.</summary>
    public string? Description { get; init; }

    /// <summary>Labels as sent; absent if not sent.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Requested state, as sent.</summary>
    public required RawSpec<TSpec> Spec { get; init; }

    /// <summary>Observed state: readiness, the reason if not ready, and the effective values.</summary>
    public required TStatus Status { get; init; }

    /// <summary>Identity and version.</summary>
    public required Metadata Metadata { get; init; }

    /// <summary>With <c>dryRun</c>: what would be done after this change. Absent otherwise.</summary>
    public PlanView? Plan { get; set; }

    /// <inheritdoc/>
    [JsonIgnore]
    public bool IsReady => Status.Ready;

    /// <inheritdoc/>
    [JsonIgnore]
    public Reason Reason => Status.Reason;
}

/// <summary>Common part of the views of all kinds.</summary>
public interface IResourceView
{
    /// <summary>Name of the resource.</summary>
    string Name { get; }

    /// <summary>Identity and version.</summary>
    Metadata Metadata { get; }

    /// <summary>True if the requested state is in place in OVN and on the host.</summary>
    bool IsReady { get; }

    /// <summary><c>Ready</c>, or the first reason why the resource is not ready.</summary>
    Reason Reason { get; }

    /// <summary>With <c>dryRun</c>: what would be done after this change; null otherwise.</summary>
    PlanView? Plan { get; set; }
}

/// <summary>Identity and version of a resource.</summary>
/// <param name="Kind">Kind of the resource: {kinds by tag}.</param>
/// <param name="Vm">Name of the VM, for a container; absent for other kinds.</param>
/// <param name="Id">Id of this incarnation; a new resource with the same name has another id.</param>
/// <param name="Revision">Increases with every accepted change.</param>
/// <param name="Generation">Increases with every change of the spec.</param>
/// <param name="CreatedAt">Time when this incarnation was created.</param>
/// <param name="UpdatedAt">Time when the last change was accepted.</param>
/// <param name="DeletingSince">Time when the deletion was requested; null if it was not.</param>
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

/// <summary>Common part of the status of all kinds.</summary>
public abstract record ResourceStatus
{
    /// <summary>True if the requested state is in place in OVN and on the host.</summary>
    [JsonPropertyOrder(-5)]
    public required bool Ready { get; init; }

    /// <summary><c>Ready</c>, or the first reason why the resource is not ready.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<Reason>))]
    [JsonPropertyOrder(-4)]
    public required Reason Reason { get; init; }

    /// <summary>The reason as a sentence; empty if ready.</summary>
    [JsonPropertyOrder(-3)]
    public required string Message { get; init; }

    /// <summary>Time since when the reason applies.</summary>
    [JsonPropertyOrder(-2)]
    public required DateTimeOffset Since { get; init; }

    /// <summary>Time of the last observation that the status is based on; null before the first.</summary>
    [JsonPropertyOrder(-1)]
    public DateTimeOffset? ObservedAt { get; init; }
}

/// <summary>A spec as sent: JSON text that is written to the response without a change.</summary>
/// <param name="Text">JSON object.</param>
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
