using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ovsdb;

/// <summary>Decides whether the certificate of a server is trusted.</summary>
internal sealed class ServerTrust
{
    // RFC 5280 §4.2.1.12; a certificate without this extension is valid for every purpose
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const X509ChainStatusFlags NotIssued =
        X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid;

    private readonly IReadOnlyList<RevocationList> _lists;
    private readonly DateTimeOffset _now;
    private readonly OvsdbTls _tls;
    private readonly string _name;

    public ServerTrust(
        OvsdbTls tls,
        string host,
        X509Certificate2Collection authorities,
        IReadOnlyList<RevocationList> lists,
        DateTimeOffset now
    )
    {
        (_tls, _name, _lists, _now) = (tls, tls.ServerName ?? host, lists, now);
        Policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // .NET cannot read revocation lists from a file: RevocationList does
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
        };
        Policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        Policy.CustomTrustStore.AddRange(authorities);
    }

    /// <summary>The policy for building the chain that is passed to <see cref="FindProblem"/>.</summary>
    public X509ChainPolicy Policy { get; }

    /// <summary>Returns why the server is not trusted; null if it is.</summary>
    public string? FindProblem(X509Certificate2? certificate, X509Chain? chain)
    {
        if (certificate is null || chain is null)
        {
            return "the server sent no certificate";
        }

        return FindChainProblem(chain)
            ?? FindNameProblem(certificate)
            ?? (_tls.CrlFile is { } file ? FindRevocationProblem(chain, file) : null);
    }

    private string? FindChainProblem(X509Chain chain)
    {
        var statuses = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        if (statuses == X509ChainStatusFlags.NoError)
        {
            return null;
        }

        var server = chain.ChainElements[0].Certificate;
        if ((statuses & NotIssued) != 0)
        {
            return $"the server's certificate, {server.Subject}, was not issued by an authority in {_tls.CaFile} but by {server.Issuer}";
        }

        if (chain.ChainElements.FirstOrDefault(IsOutsideValidity) is { Certificate: var invalid })
        {
            return $"the certificate {invalid.Subject} is valid only from {Format(invalid.NotBefore)} to {Format(invalid.NotAfter)}";
        }

        var reasons = string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation));
        return $"the server's certificate, {server.Subject}, cannot be trusted: {reasons}";
    }

    private string? FindNameProblem(X509Certificate2 certificate)
    {
        if (!_tls.ChecksName || Names(certificate).Contains(_name, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        var isHost = IPAddress.TryParse(_name, out _) || Uri.CheckHostName(_name) == UriHostNameType.Dns;
        if (isHost && certificate.MatchesHostname(_name))
        {
            return null;
        }

        return $"the server's certificate is for {string.Join(", ", Names(certificate))}, not for {_name}";
    }

    /// <summary>Returns the alternative names of a certificate, or its common name if it has none (RFC 6125 §6.4.4).</summary>
    private static string[] Names(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        string[] names =
        [
            .. alternatives.SelectMany(names =>
                names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))
            ),
        ];
        return names.Length > 0 ? names : [certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)];
    }

    private string? FindRevocationProblem(X509Chain chain, string file)
    {
        for (var i = 0; i + 1 < chain.ChainElements.Count; i++)
        {
            var (certificate, issuer) = (chain.ChainElements[i].Certificate, chain.ChainElements[i + 1].Certificate);
            var lists = _lists.Where(list => list.IsIssuedBy(issuer)).ToList();
            if (lists.Count == 0)
            {
                return $"whether {certificate.Subject} is revoked cannot be known: {file} has no list signed by {issuer.Subject}";
            }

            if (lists.Select(list => list.RevokedAt(certificate)).FirstOrDefault(at => at is not null) is { } revoked)
            {
                return $"the certificate {certificate.Subject} was revoked at {Format(revoked)} according to {file}";
            }

            if (!lists.Any(list => list.IsCurrent(_now)))
            {
                return $"whether {certificate.Subject} is revoked cannot be known: the list of {issuer.Subject} in {file} is out of date";
            }
        }
        return null;
    }

    private bool IsOutsideValidity(X509ChainElement element) => _now < element.Certificate.NotBefore || _now > element.Certificate.NotAfter;

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
