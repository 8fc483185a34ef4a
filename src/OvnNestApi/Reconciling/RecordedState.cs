using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Results of earlier passes that are stored with a resource. See <see cref="Resource"/> for the values.</summary>
internal sealed record RecordedState(
    long DirtySeq,
    long ReconciledSeq,
    DateTimeOffset? DeletingSince,
    bool InNorthbound,
    string? Rejection,
    Reason? RejectedAs,
    DateTimeOffset? RetryAt,
    int Rejections
)
{
    /// <summary>Returns what is stored with the resource, without the state of a port.</summary>
    public static RecordedState Of(Resource resource) =>
        new(
            resource.DirtySeq,
            resource.ReconciledSeq,
            resource.DeletingSince,
            resource.InNorthbound,
            resource.Rejection,
            resource.RejectedAs,
            resource.RetryAt,
            resource.Rejections
        );

    /// <summary>Stored <c>up</c> of the port; false if the resource has no port.</summary>
    public bool Up { get; init; }

    /// <summary>Stored <c>tag</c> of the container's port; null if it is not set, and for other kinds.</summary>
    public int? ObservedTag { get; init; }

    /// <summary>Id of the VM, or of the container's VM; null for other kinds.</summary>
    public Guid? VmId { get; init; }

    /// <summary>True if the deletion of the resource was requested.</summary>
    public bool IsDeleting => DeletingSince is not null;

    /// <summary>True if an API request changed the resource and the change is not in the NB yet; false if a difference is drift.</summary>
    public bool IsRequested => IsDeleting || DirtySeq > ReconciledSeq || (Rejection is not null && RejectedAs != Reason.Braked);
}
