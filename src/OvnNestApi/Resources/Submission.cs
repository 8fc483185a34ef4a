using OvnNestApi.Http;

namespace OvnNestApi.Resources;

/// <summary>Request to create or replace one resource.</summary>
/// <param name="Path">Name of the resource.</param>
/// <param name="Condition">Preconditions of the request.</param>
/// <param name="CreateOnly">True if an existing resource is a conflict.</param>
/// <param name="At">JSON pointer to the resource in the body: "#", or "#/items/3" in a manifest.</param>
internal abstract record Submission(ResourcePath Path, Conditional Condition, bool CreateOnly, string At)
{
    /// <summary>True if the resource is one of several in the body.</summary>
    public bool IsItem => At != "#";
}

/// <inheritdoc/>
/// <param name="Sent">Writable fields as sent.</param>
internal sealed record Submission<TSpec>(
    ResourcePath Path,
    SubmittedResource<TSpec> Sent,
    Conditional Condition,
    bool CreateOnly,
    string At = "#"
) : Submission(Path, Condition, CreateOnly, At)
    where TSpec : class, new();

/// <summary>A resource that another one refers to by its name.</summary>
/// <param name="Kind">Name of the kind.</param>
/// <param name="Name">Name of the resource.</param>
/// <param name="Pointer">Pointer to the reference in the resource, such as "#/spec/network"; null if the URL contains the name.</param>
internal readonly record struct Reference(string Kind, string Name, string? Pointer);
