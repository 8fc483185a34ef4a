using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>Whether a resource is as requested, and if not, why.</summary>
/// <param name="Reason">First cause that applies, or <see cref="Reason.Ready"/>.</param>
/// <param name="Message">Reason as a sentence; empty if ready.</param>
/// <param name="Since">Time since when the reason applies. For a reason that is computed on reading, the time of its cause.</param>
/// <param name="ObservedAt">Time of the observation that the condition is based on; null before the first one.</param>
public readonly record struct Condition(Reason Reason, string Message, DateTimeOffset Since, DateTimeOffset? ObservedAt)
{
    /// <summary>True if the resource is as requested.</summary>
    public bool IsReady => Reason == Reason.Ready;
}
