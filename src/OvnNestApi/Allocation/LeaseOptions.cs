namespace OvnNestApi.Allocation;

/// <summary>Configuration section <c>Leases</c>.</summary>
public sealed class LeaseOptions
{
    /// <summary>How long a tag stays unused after everybody has confirmed its release, 0 s to 1 day.</summary>
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it is kept who had which tag, 1 day to 10 years.</summary>
    public TimeSpan KeepHistory { get; set; } = TimeSpan.FromDays(365);
}
