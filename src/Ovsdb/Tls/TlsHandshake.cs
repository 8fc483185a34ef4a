using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ovsdb;

/// <summary>Performs the TLS handshake.</summary>
internal static class TlsHandshake
{
    /// <summary>Returns a TLS stream over a connected stream, which it owns.</summary>
    /// <param name="stream">The connected stream.</param>
    /// <param name="host">The host name or address of the server, from its endpoint.</param>
    /// <param name="tls">The TLS settings.</param>
    /// <param name="time">The clock for the validity of certificates.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="AuthenticationException">
    /// One side rejects the certificate of the other, or a file cannot be read. The message has the reason.
    /// </exception>
    public static async Task<Stream> SecureAsync(
        Stream stream,
        string host,
        OvsdbTls tls,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var lists = tls.CrlFile is { } crl ? Read(crl, RevocationList.ReadFile) : [];
        var trust = new ServerTrust(tls, host, Read(tls.CaFile, ReadAuthorities), lists, time.GetUtcNow());
        var own = tls.CertificateFile is { } file ? Read(file, certificate => ReadCertificate(certificate, tls.KeyFile)) : null;
        string? problem = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowTlsResume = false, // both sides check certificates for every connection
            ClientCertificateContext = own,
            CertificateChainPolicy = trust.Policy,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                (problem = trust.FindProblem(certificate as X509Certificate2, chain)) is null,
        };
        var ssl = new SslStream(stream);
        try
        {
            await ssl.AuthenticateAsClientAsync(options, cancellationToken);
            return ssl;
        }
        catch (Exception e)
        {
            await ssl.DisposeAsync();
            if (e is not (AuthenticationException or IOException))
            {
                throw;
            }

            var hint = own is null ? "; no client certificate is configured" : "";
            throw new AuthenticationException(problem ?? $"{TlsAlert.Explain(e)}{hint}", e);
        }
    }

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("The file contains no certificate.");
    }

    private static SslStreamCertificateContext ReadCertificate(string certificateFile, string? keyFile)
    {
        var own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new AuthenticationException($"{file}: {e.Message}", e);
        }
    }
}
