namespace OvnNestApi.Schema;

/// <summary>Common part of all resources that a client names: spec, version, dirty mark and condition.</summary>
public abstract class Resource
{
    /// <summary>Id of this incarnation; a new resource with the same name has another id.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Name that the client chose, see <see cref="ResourceName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null if not sent.</summary>
    public string? Description { get; set; }

    /// <summary>Labels as sent; null if not sent.</summary>
    public Dictionary<string, string>? Labels { get; set; }

    /// <summary>The <c>spec</c> exactly as sent, a JSON object. The service never changes it.</summary>
    public required string Spec { get; set; }

    /// <summary>Increases with every accepted change; part of the ETag.</summary>
    public long Revision { get; set; } = 1;

    /// <summary>Increases with every change of <see cref="Spec"/>.</summary>
    public long Generation { get; set; } = 1;

    /// <summary>Time when this incarnation was created, by the database's clock.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Time when the last change was accepted.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Time when the deletion was requested; null if it was not.</summary>
    public DateTimeOffset? DeletingSince { get; set; }

    /// <summary>Dirty mark: a new value of the sequence <c>dirty_seq</c> whenever the NB rows of the resource may have to change.</summary>
    public long DirtySeq { get; set; }

    /// <summary><see cref="DirtySeq"/> that the last pass has processed. The resource is dirty while it is smaller.</summary>
    public long ReconciledSeq { get; set; }

    /// <summary>True if the NB contains rows of the resource, as of the last pass.</summary>
    public bool InNorthbound { get; set; }

    /// <summary>Why the last pass could not write the rows, as a message of the NB or of this service; null if it could.</summary>
    public string? Rejection { get; set; }

    /// <summary>
    /// Reason that belongs to <see cref="Rejection"/>: <see cref="Reason.Rejected"/>, <see cref="Reason.TagConflict"/>,
    /// <see cref="Reason.AddressConflict"/>, <see cref="Reason.Contended"/> or <see cref="Reason.Braked"/>; null if there is no rejection.
    /// </summary>
    public Reason? RejectedAs { get; set; }

    /// <summary>Time when a rejected resource is tried again; null if it is not rejected.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>Number of consecutive rejections by the NB; sets the delay of the next try.</summary>
    public int Rejections { get; set; }

    /// <summary>Condition as last evaluated: <see cref="Reason.Ready"/>, or why the resource is not ready.</summary>
    public Reason Reason { get; set; } = Reason.NotProgrammed;

    /// <summary>Reason as a sentence; empty if ready.</summary>
    public string Message { get; set; } = "";

    /// <summary>Time since when <see cref="Reason"/> applies.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>Time of the last observation that the condition is based on; null before the first.</summary>
    public DateTimeOffset? ObservedAt { get; set; }
}
