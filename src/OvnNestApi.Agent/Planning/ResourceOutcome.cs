using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>What one pass finds about one object of the work, while it is being planned.</summary>
internal sealed class ResourceOutcome(Guid id, string digest)
{
    public Guid Id { get; } = id;

    /// <summary>Why it cannot be as it shall; the first reason that was found.</summary>
    public string? Error { get; private set; }

    /// <summary>Something is still to be done, or to be awaited.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Nothing of it was planned: what it has on the host stays as it is.</summary>
    public bool IsBlocked { get; private set; }

    public string? Address { get; set; }

    public bool OvnInstalled { get; set; }

    public void Fail(string error) => Error ??= error;

    public void MarkPending() => IsPending = true;

    /// <summary>The object cannot be planned at all for now.</summary>
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

/// <summary>Why something cannot be made now.</summary>
/// <param name="Error">A sentence for the operator; null when it is only a matter of waiting for a removal that was asked for.</param>
internal sealed record Obstacle(string? Error)
{
    public static Obstacle Wait { get; } = new((string?)null);
}
