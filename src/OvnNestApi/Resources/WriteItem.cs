using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>One resource of a write: what the client requests, what was stored before, and what the write makes of it.</summary>
/// <remarks>Belongs to one attempt of a transaction.</remarks>
internal abstract class WriteItem(ResourceKind kind, Submission submission)
{
    private readonly List<Resource> _references = [];

    public ResourceKind Kind => kind;

    /// <summary>Name of the resource.</summary>
    public ResourcePath Path => submission.Path;

    /// <summary>JSON pointer to the resource in the body.</summary>
    public string At => submission.At;

    /// <summary>Rows of the northbound database that the resource takes over; null if it gets new ones.</summary>
    public AdoptedRows? Adopts => submission.Adopts;

    /// <summary>The resource as it is stored at the end of the write; null before it is known, or if there is a problem.</summary>
    public abstract Resource? Resource { get; }

    /// <summary>True if the write creates the resource.</summary>
    public bool IsNew { get; set; }

    /// <summary>True if the spec changes, or is new.</summary>
    public bool HasNewSpec { get; set; }

    /// <summary>True if the resource changes, or is new.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Writable fields before the change, as JSON; null for a new resource.</summary>
    public string? Before { get; set; }

    /// <summary>Why the resource cannot be written; null if it can.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>Records the problem, with its pointers below that of the item. The first problem of an item stays.</summary>
    public void Fail(Problem problem) => Problem ??= problem.Below(At);

    /// <summary>Records a resource that this one refers to.</summary>
    public void Refer(Resource resource) => _references.Add(resource);

    /// <summary>The resource of this kind that this one refers to; null if there is none.</summary>
    public TReferred? Find<TReferred>()
        where TReferred : Resource => _references.OfType<TReferred>().FirstOrDefault();

    /// <summary>The resource of this kind that this one must refer to.</summary>
    public TReferred The<TReferred>()
        where TReferred : Resource =>
        Find<TReferred>() ?? throw new InvalidOperationException($"{Path.Name} refers to no {typeof(TReferred).Name}.");
}

/// <inheritdoc/>
internal sealed class WriteItem<T, TSpec>(ResourceKind kind, Submission<TSpec> submission) : WriteItem(kind, submission)
    where T : Resource
    where TSpec : class, new()
{
    /// <summary>What the client requests.</summary>
    public Submission<TSpec> Submission => submission;

    /// <summary>Requested state.</summary>
    public TSpec Spec => submission.Sent.Spec;

    /// <summary>The stored resource, or the new one; null before it is known, or if there is a problem.</summary>
    public T? Target { get; set; }

    /// <summary>For a new resource: the previous incarnation of its name, which is still being deleted; null if there is none.</summary>
    public T? Predecessor { get; set; }

    public override Resource? Resource => Target;
}
