namespace OvnNestApi.Northbound;

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
