namespace Ovsdb;

/// <summary>
/// TLS settings for <c>ssl:</c> endpoints. TLS 1.2 or newer is required. Only the authorities in one file are trusted, not those of the
/// system. All files are PEM, as <c>ovs-pki</c> creates them. They are read for every connection, so a renewed certificate needs no
/// restart.
/// </summary>
/// <param name="CaFile">The file with the certificates of the trusted authorities, one or several (<c>--ca-cert</c>).</param>
public sealed record OvsdbTls(string CaFile)
{
    /// <summary>
    /// The file with the client's certificate, followed by the certificates between it and the authority, if there are any
    /// (<c>--certificate</c>). Null for no certificate: an ovsdb-server rejects such a client unless it is configured otherwise.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>
    /// The file with the unencrypted key of <see cref="CertificateFile"/> (<c>--private-key</c>); null if the key is in the same file.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// The file with the revocation lists of the authorities, one or several (RFC 5280 §5); null to check no revocation. With a file, each
    /// certificate of the server below the trusted authority must be covered by a current list that its issuer has signed. Otherwise the
    /// connection is rejected.
    /// </summary>
    public string? CrlFile { get; init; }

    /// <summary>
    /// The name that the server's certificate must have, as a subject alternative name or common name; null for the host of the endpoint.
    /// For example the name that was passed to <c>ovs-pki req+sign</c> with <c>--unique</c>, or the name that it created (<c>nb
    /// id:af816916-…</c>).
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>
    /// Whether to check the name in the server's certificate. Open vSwitch's own programs do not: they accept any certificate of the
    /// authority, also that of a hypervisor. The default is true.
    /// </summary>
    public bool ChecksName { get; init; } = true;
}
