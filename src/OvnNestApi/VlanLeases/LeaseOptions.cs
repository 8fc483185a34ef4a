namespace OvnNestApi.VlanLeases;

/// <summary>Configuration section <c>Leases</c>.</summary>
public sealed class LeaseOptions
{
    /// <summary>How long a tag stays unused after everybody has confirmed its release, 0 s to 1 day.</summary>
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromSeconds(60);
}
