using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>Outcome of planning for one resource of the work. It becomes the resource's entry in the report.</summary>
internal sealed class ResourceOutcome(Guid id, string digest)
{
    public Guid Id { get; } = id;

    /// <summary>The first reason found why the resource cannot reach its wanted state; null if there is none.</summary>
    public string? Error { get; private set; }

    /// <summary>True if a step is planned for the resource, or the agent waits for another program.</summary>
    public bool IsPending { get; private set; }

    /// <summary>True if nothing was planned for the resource: what it has on the host stays as it is.</summary>
    public bool IsBlocked { get; private set; }

    public string? Address { get; set; }

    public bool OvnInstalled { get; set; }

    public void Fail(string error) => Error ??= error;

    public void MarkPending() => IsPending = true;

    /// <summary>Records that nothing can be planned for the resource now.</summary>
    public void Block(Obstacle obstacle)
    {
        IsBlocked = true;
        if (obstacle.Error is { } error)
        {
            Fail(error);
        }
        else
        {
            MarkPending();
        }
    }

    public ObjectReport Report() => new(Id, Error is null && !IsPending ? digest : null, Error, Address, OvnInstalled);
}

/// <summary>Reason why a resource cannot be planned now.</summary>
/// <param name="Error">Message for the operator; null if the agent only waits for another item to be changed or removed.</param>
internal sealed record Obstacle(string? Error)
{
    public static Obstacle Wait { get; } = new((string?)null);
}
