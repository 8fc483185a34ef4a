namespace Ovsdb;

/// <summary>
/// How <c>ssl:</c> endpoints are secured: TLS 1.2 or newer, with trust in the authorities of one file and in no other, those of the system included.
/// The files are PEM, as <c>ovs-pki</c> makes them, and are read anew for every connection: a renewed certificate needs no restart.
/// </summary>
/// <param name="CaFile">The certificates of the authorities that servers' certificates come from, one or several (<c>--ca-cert</c>).</param>
public sealed record OvsdbTls(string CaFile)
{
    /// <summary>The client's own certificate, followed by those between it and the authority if there are any (<c>--certificate</c>).
    /// Null for none, which an ovsdb-server refuses unless it was told otherwise.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The key of <see cref="CertificateFile"/>, not encrypted (<c>--private-key</c>); null if it is in the same file.</summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// Revocation lists of the authorities, one or several (RFC 5280 §5); null to check none. With a file, every certificate of the server below the authority's
    /// must be covered by a list that its issuer has signed and that is not out of date: else the connection is refused.
    /// </summary>
    public string? CrlFile { get; init; }

    /// <summary>
    /// The name that the server's certificate must have, as a subject alternative name or common name; null for the host of the endpoint.
    /// For instance the name that <c>ovs-pki req+sign</c> was given (with <c>--unique</c>), or what it made of it (<c>nb id:af816916-…</c>).
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>
    /// Whether the name matters at all. Open vSwitch's own programs check none: any certificate of the authority will do for them, a hypervisor's, too.
    /// False does as they do.
    /// </summary>
    public bool ChecksName { get; init; } = true;
}
