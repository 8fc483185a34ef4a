using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>Whether an object is as asked, and why not.</summary>
/// <param name="Reason">The first cause that holds, or <see cref="Reason.Ready"/>.</param>
/// <param name="Message">The reason in a sentence; empty when ready.</param>
/// <param name="Since">Since when; a condition that is computed when read has no better time than its cause's.</param>
/// <param name="ObservedAt">How old the observation is; null: none yet.</param>
public readonly record struct Condition(Reason Reason, string Message, DateTimeOffset Since, DateTimeOffset? ObservedAt)
{
    /// <summary>All is as asked.</summary>
    public bool IsReady => Reason == Reason.Ready;
}
