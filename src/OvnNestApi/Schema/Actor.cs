namespace OvnNestApi.Schema;

/// <summary>Principal in whose name a database context writes, for the change log.</summary>
/// <param name="By">"key:&lt;name&gt;", "host:&lt;name&gt;" or "reconciler".</param>
/// <param name="RequestId">Id of the request; null if no request caused the change.</param>
public readonly record struct Actor(string By, string? RequestId)
{
    /// <summary>The service itself, without a request.</summary>
    public static Actor Reconciler => new("reconciler", null);
}
