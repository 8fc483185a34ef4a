using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TestServers;

/// <summary>A certificate authority. It writes certificates and revocation lists to files in a folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1",
        ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder;
    private readonly X509Certificate2 _certificate;
    private int _issued;

    /// <summary>Creates a root authority.</summary>
    /// <param name="folder">The folder for all files.</param>
    /// <param name="name">The common name.</param>
    /// <param name="file">The file name of its certificate, without extension; null for the common name.</param>
    public TestAuthority(string folder, string name, string? file = null)
        : this(folder, name, file ?? name, Request(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), isAuthority: true), issuer: null) { }

    private TestAuthority(string folder, string name, string file, (CertificateRequest Request, ECDsa Key) own, X509Certificate2? issuer)
    {
        var now = TimeProvider.System.GetUtcNow();
        _folder = folder;
        using (own.Key)
        {
            using var signed = issuer is null
                ? own.Request.CreateSelfSigned(now.AddDays(-10), now.AddDays(10))
                : own.Request.Create(issuer, now.AddDays(-9), now.AddDays(9), [99]);
            _certificate = signed.HasPrivateKey ? new X509Certificate2(signed) : signed.CopyWithPrivateKey(own.Key);
        }
        File = $"{folder}/{file}.pem";
        System.IO.File.WriteAllText(File, _certificate.ExportCertificatePem() + "\n");
    }

    /// <summary>The path of its certificate.</summary>
    public string File { get; }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    /// <summary>Creates an intermediate authority, whose certificate this authority signs.</summary>
    public TestAuthority Delegate(string name) =>
        new(_folder, name, name, Request(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), isAuthority: true), _certificate);

    /// <summary>Issues a certificate.</summary>
    /// <param name="name">The common name.</param>
    /// <param name="host">The subject alternative name, an address or a host name; null for none.</param>
    /// <param name="expired">Whether the certificate expired yesterday.</param>
    /// <param name="forServers">The extended key usage: true for servers, false for clients, null for none.</param>
    public CertificateFiles Issue(string name, string? host = null, bool expired = false, bool? forServers = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (request, _) = Request(name, key, isAuthority: false);
        if (forServers is { } purpose)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([new Oid(purpose ? ServerPurpose : ClientPurpose)], critical: false)
            );
        }

        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }

            request.CertificateExtensions.Add(names.Build());
        }
        var now = TimeProvider.System.GetUtcNow();
        var number = Interlocked.Increment(ref _issued);
        using var certificate = request.Create(
            _certificate,
            now.AddDays(-5),
            expired ? now.AddDays(-1) : now.AddDays(5),
            [1, (byte)number]
        );
        var path = $"{_folder}/{Path.GetFileNameWithoutExtension(File)}-{number}";
        var files = new CertificateFiles($"{path}.pem", $"{path}.key");
        System.IO.File.WriteAllText(files.Certificate, certificate.ExportCertificatePem() + "\n");
        System.IO.File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem() + "\n");
        return files;
    }

    /// <summary>Writes a revocation list, and returns its path.</summary>
    /// <param name="file">The file name, without extension.</param>
    /// <param name="revoked">The certificate to revoke; if null, the list has only a serial number that no certificate has.</param>
    /// <param name="outdated">Whether the list expired an hour ago.</param>
    /// <param name="der">Whether the format is DER; otherwise PEM.</param>
    public string Revoke(string file, CertificateFiles? revoked = null, bool outdated = false, bool der = false)
    {
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry([7, 7, 7]); // the serial number of no certificate of this authority
        if (revoked is not null)
        {
            using var certificate = X509Certificate2.CreateFromPem(System.IO.File.ReadAllText(revoked.Certificate));
            builder.AddEntry(certificate, TimeProvider.System.GetUtcNow().AddHours(-1), X509RevocationReason.KeyCompromise);
        }
        var now = TimeProvider.System.GetUtcNow();
        var list = builder.Build(
            _certificate,
            1,
            outdated ? now.AddHours(-1) : now.AddDays(1),
            HashAlgorithmName.SHA256,
            thisUpdate: now.AddDays(-1)
        );
        var path = $"{_folder}/{file}.crl";
        if (der)
        {
            System.IO.File.WriteAllBytes(path, list);
        }
        else
        {
            System.IO.File.WriteAllText(path, PemEncoding.WriteString("X509 CRL", list) + "\n");
        }

        return path;
    }

    private static (CertificateRequest Request, ECDsa Key) Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (isAuthority)
        {
            request.CertificateExtensions.Add(
                new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
            );
        }

        return (request, key);
    }
}

/// <summary>The files (PEM) of a certificate.</summary>
/// <param name="Certificate">The path of the certificate.</param>
/// <param name="Key">The path of the private key.</param>
public sealed record CertificateFiles(string Certificate, string Key);
