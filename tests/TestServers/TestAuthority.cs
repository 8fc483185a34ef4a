using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TestServers;

/// <summary>An authority that issues certificates and revocation lists into PEM files of a folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1",
        ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder;
    private readonly X509Certificate2 _certificate;
    private int _issued;

    /// <summary>An authority that answers to nobody.</summary>
    /// <param name="folder">Where its files go.</param>
    /// <param name="name">Its common name.</param>
    /// <param name="file">The name of its file, if not the same.</param>
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

    /// <summary>Its certificate.</summary>
    public string File { get; }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    /// <summary>An authority under this one.</summary>
    public TestAuthority Delegate(string name) =>
        new(_folder, name, name, Request(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), isAuthority: true), _certificate);

    /// <summary>A certificate.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="host">Its one alternative name, an address or a host; null for none.</param>
    /// <param name="expired">Valid until yesterday.</param>
    /// <param name="forServers">Names its purpose: true for servers, false for clients, null for any.</param>
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

    /// <summary>A revocation list; returns its file.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="revoked">A certificate to revoke; null for none of ours.</param>
    /// <param name="outdated">Valid until an hour ago.</param>
    /// <param name="der">Not PEM.</param>
    public string Revoke(string file, CertificateFiles? revoked = null, bool outdated = false, bool der = false)
    {
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry([7, 7, 7]); // of somebody else
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

/// <summary>The files of a certificate and its key, PEM.</summary>
/// <param name="Certificate">The certificate's.</param>
/// <param name="Key">The key's.</param>
public sealed record CertificateFiles(string Certificate, string Key);
