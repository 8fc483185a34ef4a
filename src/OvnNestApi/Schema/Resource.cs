namespace OvnNestApi.Schema;

/// <summary>What every object that a client names has: the asked (<see cref="Spec"/>), its version, its dirt, and its condition.</summary>
public abstract class Resource
{
    /// <summary>Identity of this incarnation; a new object of the same name has another.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The client's name, <see cref="ResourceName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null when none was sent.</summary>
    public string? Description { get; set; }

    /// <summary>Labels as sent; null when none were sent.</summary>
    public Dictionary<string, string>? Labels { get; set; }

    /// <summary>The <c>spec</c> exactly as sent, a JSON object. The server never writes into it.</summary>
    public required string Spec { get; set; }

    /// <summary>Grows with each accepted change; part of the ETag.</summary>
    public long Revision { get; set; } = 1;

    /// <summary>Grows with each change of <see cref="Spec"/>.</summary>
    public long Generation { get; set; } = 1;

    /// <summary>When this incarnation was created, by the database's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last change was accepted.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Since when the object is on its way out; null while it is to stay.</summary>
    public DateTimeOffset? DeletingSince { get; set; }

    /// <summary>Drawn from the sequence <c>dirty_seq</c> whenever the rows that this object shapes in the NB may have to change.</summary>
    public long DirtySeq { get; set; }

    /// <summary>The <see cref="DirtySeq"/> that a pass of the reconciler has dealt with. Smaller: dirty.</summary>
    public long ReconciledSeq { get; set; }

    /// <summary>Rows of this object stand in the NB, as of the last pass.</summary>
    public bool InNorthbound { get; set; }

    /// <summary>Why this object's rows are not as they shall be, in the server's words or ours; null when nothing is in the way.</summary>
    public string? Rejection { get; set; }

    /// <summary>What <see cref="Rejection"/> is a case of: <see cref="Reason.Rejected"/>, <see cref="Reason.TagConflict"/> or <see cref="Reason.Contended"/>; null when it is null.</summary>
    public Reason? RejectedAs { get; set; }

    /// <summary>When a rejected object is tried again; null when it is not rejected.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>How often in a row the NB has refused it: the pace of the retries.</summary>
    public int Rejections { get; set; }

    /// <summary>The condition as last evaluated (<see cref="Reason.Ready"/> or why not).</summary>
    public Reason Reason { get; set; } = Reason.NotProgrammed;

    /// <summary>The reason in a sentence; empty when ready.</summary>
    public string Message { get; set; } = "";

    /// <summary>Since when <see cref="Reason"/> holds.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When the condition was last derived from an observation; null before the first.</summary>
    public DateTimeOffset? ObservedAt { get; set; }
}
