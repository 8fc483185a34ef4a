namespace OvnNestApi.Allocation;

/// <summary>Configuration section <c>Leases</c>.</summary>
public sealed class LeaseOptions
{
    /// <summary>Time that a released tag stays unused after the NB and all hosts have confirmed its removal, 0 s to 1 day.</summary>
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time that the history of tags is kept, 1 day to 10 years.</summary>
    public TimeSpan KeepHistory { get; set; } = TimeSpan.FromDays(365);
}
