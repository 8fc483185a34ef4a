namespace OvnNestApi.Schema;

/// <summary>How the reconciler handles a difference between the desired state and the NB.</summary>
public enum ReconcilerMode
{
    /// <summary>Repairs the difference.</summary>
    Repair,

    /// <summary>Computes and logs the plan, and changes nothing.</summary>
    Observe,

    /// <summary>Does not compare.</summary>
    Off,
}
