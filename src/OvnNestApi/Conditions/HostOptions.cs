namespace OvnNestApi.Conditions;

/// <summary>Configuration section <c>Hosts</c>.</summary>
public sealed class HostOptions
{
    /// <summary>A host that has not been heard of for longer is silent, 1 s to 1 day.</summary>
    public TimeSpan SilentAfter { get; set; } = TimeSpan.FromSeconds(30);
}
