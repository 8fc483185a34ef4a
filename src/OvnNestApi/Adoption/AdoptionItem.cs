using System.Text.Json;
using OvnNestApi.Http;

namespace OvnNestApi.Adoption;

/// <summary>A resource that takes over rows of the northbound database: an item of a manifest, and the rows.</summary>
public sealed record AdoptionItem
{
    /// <summary>Kind of the resource: {kinds}.</summary>
    /// <example>container</example>
    [Needed]
    public string? Kind { get; init; }

    /// <summary>Name of the VM. Required for a container, not allowed for other kinds.</summary>
    /// <example>vm5</example>
    [ValidName]
    public string? Vm { get; init; }

    /// <summary>Name of the resource, unique within its kind (containers: within the VM).</summary>
    /// <example>c51</example>
    [Needed, ValidName]
    public string? Name { get; init; }

    /// <summary>Free text; the service does not interpret it.</summary>
    public string? Description { get; init; }

    /// <summary>Labels for selecting resources, with the syntax of Kubernetes labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// UUID of the row to take over: the port of a VM or container, or the logical switch of a network. Without it, the resource is created
    /// as by a manifest.
    /// </summary>
    public Guid? Row { get; init; }

    /// <summary>UUID of the <c>DHCP_Options</c> row to take over, only for a network with <c>row</c>.</summary>
    public Guid? DhcpRow { get; init; }

    /// <summary>Requested state, as in a PUT of the kind. It must contain what the rows have.</summary>
    public JsonElement? Spec { get; init; }

    /// <summary>What is wrong with the row, or is completed by adoption. Ignored in a request.</summary>
    public IReadOnlyList<AdoptionDefect>? Defects { get; init; }
}

/// <summary>Resources to adopt.</summary>
public sealed record AdoptionBody
{
    /// <summary>The resources, as the list of adoptions proposes them.</summary>
    [Needed]
    public IReadOnlyList<AdoptionItem>? Items { get; init; }
}

/// <summary>A page of what can be adopted.</summary>
/// <param name="Items">Proposed resources: networks, then VMs, then containers, each by name.</param>
/// <param name="Next">Cursor of the next page; absent on the last page.</param>
public sealed record AdoptionList(IReadOnlyList<AdoptionItem> Items, string? Next);
