namespace OvnNestApi.Northbound;

/// <summary>Configuration section <c>Northbound</c>.</summary>
public sealed class NorthboundOptions
{
    /// <summary>
    /// Servers of the NB, comma-separated: <c>unix:/path</c>, <c>tcp:127.0.0.1:6641</c>, <c>ssl:nb.example:6641</c>. Empty to reconcile
    /// nothing.
    /// </summary>
    public string Endpoints { get; set; } = "";

    /// <summary>
    /// Name of this installation in the owner marks, so that several installations can share one NB: 1 to 63 letters, digits and dashes.
    /// </summary>
    public string Instance { get; set; } = "default";

    /// <summary>TLS settings for <c>ssl:</c> endpoints.</summary>
    public NorthboundTlsOptions Tls { get; set; } = new();
}

/// <summary>Configuration section <c>Northbound:Tls</c>. The files are in PEM format and are read for every connection.</summary>
public sealed class NorthboundTlsOptions
{
    /// <summary>File with the certificate authorities that sign the NB's certificate; null to use no TLS.</summary>
    public string? CaFile { get; set; }

    /// <summary>File with the client certificate; null to send none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>File with the private key; null if it is in the same file as the certificate.</summary>
    public string? KeyFile { get; set; }

    /// <summary>File with certificate revocation lists; null to check no revocation.</summary>
    public string? CrlFile { get; set; }

    /// <summary>Name that the NB's certificate must contain; null to use the host name of the endpoint.</summary>
    public string? ServerName { get; set; }

    /// <summary>False to skip the check of the name; certificates of <c>ovs-pki</c> contain no host name.</summary>
    public bool CheckName { get; set; } = true;
}
