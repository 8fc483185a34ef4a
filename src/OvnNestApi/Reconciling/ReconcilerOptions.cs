namespace OvnNestApi.Reconciling;

/// <summary>Configuration section <c>Reconciler</c>.</summary>
public sealed class ReconcilerOptions
{
    /// <summary>What is done about a difference, unless an admin has set another mode.</summary>
    public ReconcilerMode Mode { get; set; } = ReconcilerMode.Repair;

    /// <summary>How often everything is compared, 100 ms to 1 day. Drift is seen at once; this finds what nobody told us of.</summary>
    public TimeSpan Resync { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a pass waits for more to come, 0 to 1 s: every transaction with a nested port costs northd a full recompute.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a port must be down before that is believed, 0 s to 1 min. Deleting one child may take its siblings down and up.</summary>
    public TimeSpan UpDebounce { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the database is asked for work that no signal told of, 10 ms to 1 min.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most objects of a kind in one pass, 1 to 100,000.</summary>
    public int PassSize { get; set; } = 1000;

    /// <summary>The most ports that one transaction adds to one switch, 1 to 10,000: more cost the server more, each.</summary>
    public int PortsPerSwitch { get; set; } = 100;

    /// <summary>The most objects in one transaction, 1 to 10,000.</summary>
    public int ObjectsPerTransaction { get; set; } = 1000;

    /// <summary>How often in a minute one row is repaired before somebody else is taken to be at it, 1 to 1000.</summary>
    public int RepairsPerMinute { get; set; } = 5;

    /// <summary>How often the leader says that it lives, 10 ms to 10 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>When a leader that does not say so has lost its place, 100 ms to 1 min.</summary>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Configuration section <c>Northbound</c>.</summary>
public sealed class NorthboundOptions
{
    /// <summary>The NB's servers, comma-separated: <c>unix:/path</c>, <c>tcp:127.0.0.1:6641</c>, <c>ssl:nb.example:6641</c>.</summary>
    public string Endpoints { get; set; } = "";

    /// <summary>The name of this installation in the NB's marks, so that several may share one NB: letters, digits, dashes.</summary>
    public string Instance { get; set; } = "default";

    /// <summary>For <c>ssl:</c> endpoints.</summary>
    public NorthboundTlsOptions Tls { get; set; } = new();
}

/// <summary>Configuration section <c>Northbound:Tls</c>. The files are PEM, and read anew for every connection.</summary>
public sealed class NorthboundTlsOptions
{
    /// <summary>The authorities that the NB's certificate comes from; null: no TLS.</summary>
    public string? CaFile { get; set; }

    /// <summary>Our certificate; null for none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>Its key; null if it is in the same file.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The authorities' revocation lists; null to check none.</summary>
    public string? CrlFile { get; set; }

    /// <summary>The name that the NB's certificate must have; null for the endpoint's host.</summary>
    public string? ServerName { get; set; }

    /// <summary>Whether the name matters. Certificates of <c>ovs-pki</c> name no host.</summary>
    public bool CheckName { get; set; } = true;
}
