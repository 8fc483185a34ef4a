using OvnNestApi.Http;

namespace OvnNestApi.Resources;

/// <summary>Request to create or replace one resource.</summary>
/// <param name="Path">Name of the resource.</param>
/// <param name="Condition">Preconditions of the request.</param>
/// <param name="CreateOnly">True if an existing resource is a conflict.</param>
/// <param name="At">JSON pointer to the resource in the body: "#", or "#/items/3" in a manifest.</param>
internal abstract record Submission(ResourcePath Path, Conditional Condition, bool CreateOnly, string At)
{
    /// <summary>Rows of the northbound database that a new resource takes over; null to create new rows.</summary>
    public AdoptedRows? Adopts { get; init; }

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

/// <summary>Rows of the northbound database that were made by hand and that a new resource takes over; they keep their UUIDs.</summary>
/// <param name="Row">UUID of the port of a VM or container, or of the switch of a network.</param>
/// <param name="Dhcp">UUID of the DHCP options of a network; null to create new ones.</param>
internal sealed record AdoptedRows(Guid Row, Guid? Dhcp);

/// <summary>A resource that another one refers to by its name.</summary>
/// <param name="Kind">Name of the kind.</param>
/// <param name="Name">Name of the resource.</param>
/// <param name="Pointer">Pointer to the reference in the resource, such as "#/spec/network"; null if the URL contains the name.</param>
internal readonly record struct Reference(string Kind, string Name, string? Pointer);
