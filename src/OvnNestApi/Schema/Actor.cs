namespace OvnNestApi.Schema;

/// <summary>In whose name a context writes: goes into the change log.</summary>
/// <param name="By">"key:&lt;name&gt;", "host:&lt;name&gt;" or "reconciler".</param>
/// <param name="RequestId">The request; null when none caused the change.</param>
public readonly record struct Actor(string By, string? RequestId)
{
    /// <summary>The service itself.</summary>
    public static Actor Reconciler => new("reconciler", null);
}
