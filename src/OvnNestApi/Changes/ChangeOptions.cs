namespace OvnNestApi.Changes;

/// <summary>Configuration section <c>Changes</c>.</summary>
internal sealed class ChangeOptions
{
    /// <summary>Retention of changes, at least 1 day.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(30);
}
