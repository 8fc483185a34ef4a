namespace OvnNestApi.Checks;

/// <summary>Configuration section <c>Checks</c>.</summary>
internal sealed class CheckOptions
{
    /// <summary>Retention of checks, 1 day to 10 years. An answer to a repeated request is kept for 1 day, too.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(1);
}
