namespace OvnNestApi.Conditions;

/// <summary>Configuration section <c>Hosts</c>.</summary>
public sealed class HostOptions
{
    /// <summary>Time without contact after which a host counts as silent, 1 s to 1 day.</summary>
    public TimeSpan SilentAfter { get; set; } = TimeSpan.FromSeconds(30);
}
