namespace OvnNestApi.Schema;

/// <summary>What the reconciler does about a difference between the desired state and the NB.</summary>
public enum ReconcilerMode
{
    /// <summary>It repairs it.</summary>
    Repair,

    /// <summary>It plans and reports, and changes nothing.</summary>
    Observe,

    /// <summary>It does not even look.</summary>
    Off,
}
