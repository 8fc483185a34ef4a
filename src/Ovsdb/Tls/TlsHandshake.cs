using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ovsdb;

/// <summary>Makes a connected stream a secured one.</summary>
internal static class TlsHandshake
{
    /// <summary>Takes the stream over.</summary>
    /// <param name="stream">Connected.</param>
    /// <param name="host">The server's name or address, from its endpoint.</param>
    /// <param name="tls">The files and what to expect.</param>
    /// <param name="time">For the validity of certificates.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="AuthenticationException">One of the two sides refuses the other; the message is a sentence that says why.</exception>
    public static async Task<Stream> SecureAsync(Stream stream, string host, OvsdbTls tls, TimeProvider time, CancellationToken ct)
    {
        var lists = tls.CrlFile is { } crl ? Read(crl, RevocationList.ReadFile) : [];
        var trust = new ServerTrust(tls, host, Read(tls.CaFile, Authorities), lists, time.GetUtcNow());
        var own = tls.CertificateFile is { } file ? Read(file, certificate => OwnCertificate(certificate, tls.KeyFile)) : null;
        string? refusal = null;
        var ssl = new SslStream(stream);
        try
        {
            await ssl.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    AllowTlsResume = false, // each connection is checked anew, by both
                    ClientCertificateContext = own,
                    CertificateChainPolicy = trust.Policy,
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        (refusal = trust.Refuse(certificate as X509Certificate2, chain)) is null,
                },
                ct
            );
            return ssl;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await ssl.DisposeAsync();
            var hint = own is null ? "; no client certificate is configured" : "";
            throw new AuthenticationException(refusal ?? $"{TlsAlert.Explain(e)}{hint}", e);
        }
        catch
        {
            await ssl.DisposeAsync();
            throw;
        }
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("There is no certificate in the file.");
    }

    private static SslStreamCertificateContext OwnCertificate(string certificateFile, string? keyFile)
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
