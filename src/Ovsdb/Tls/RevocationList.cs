using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ovsdb;

/// <summary>
/// A certificate revocation list (RFC 5280 §5). Lists with unsupported content are rejected, because ignoring that content could accept a
/// revoked certificate.
/// </summary>
internal sealed class RevocationList
{
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0, isConstructed: true);

    // Extensions that limit what the list covers (§5.2). Like unknown critical extensions, they are not supported.
    private const string IssuingDistributionPoint = "2.5.29.28";
    private const string DeltaIndicator = "2.5.29.27";

    private readonly Dictionary<BigInteger, DateTimeOffset> _revoked = [];
    private readonly ReadOnlyMemory<byte> _signedPart;
    private readonly byte[] _signature;
    private readonly (bool IsRsa, HashAlgorithmName Hash) _algorithm;
    private readonly byte[] _issuer;
    private readonly DateTimeOffset _thisUpdate;
    private readonly DateTimeOffset? _nextUpdate;

    private RevocationList(ReadOnlyMemory<byte> der)
    {
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        _signedPart = list.PeekEncodedValue();
        var signed = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        _algorithm = Algorithm(algorithm);
        _signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();

        if (signed.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            signed.ReadInteger(); // the version of the format
        }

        if (signed.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            throw new CryptographicException("A revocation list contains two different signature algorithms.");
        }

        _issuer = signed.ReadEncodedValue().ToArray();
        _thisUpdate = ReadTime(signed);
        if (signed.HasData && IsTime(signed.PeekTag()))
        {
            _nextUpdate = ReadTime(signed);
        }

        if (signed.HasData && signed.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            ReadEntries(signed.ReadSequence());
        }

        if (signed.HasData)
        {
            RequireSupported(signed.ReadSequence(Extensions).ReadSequence());
        }
    }

    /// <summary>Reads the lists of a file: one or several in PEM, or one in DER.</summary>
    /// <exception cref="CryptographicException">The file contains no list, or one that is malformed or not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<RevocationList> ReadFile(string file)
    {
        var bytes = File.ReadAllBytes(file);
        try
        {
            if (bytes is [0x30, ..])
            {
                return [new RevocationList(bytes)];
            }

            var lists = new List<RevocationList>();
            var text = Encoding.ASCII.GetString(bytes).AsSpan();
            while (PemEncoding.TryFind(text, out var block))
            {
                if (text[block.Label] is "X509 CRL")
                {
                    lists.Add(new RevocationList(Convert.FromBase64String(text[block.Base64Data].ToString())));
                }

                text = text[block.Location.End..];
            }
            return lists.Count > 0 ? lists : throw new CryptographicException("The file contains no revocation list.");
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException($"A revocation list is malformed: {e.Message}", e);
        }
    }

    /// <summary>
    /// Returns whether an authority has issued the list: the list has its name and its signature, and the authority may sign lists.
    /// </summary>
    public bool IsIssuedBy(X509Certificate2 authority) =>
        authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer)
        && authority.Extensions.OfType<X509KeyUsageExtension>().All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
        && IsSignedBy(authority);

    /// <summary>Returns whether the list is valid at a time. A list without the time of its next update never expires.</summary>
    public bool IsCurrent(DateTimeOffset now) => _thisUpdate <= now && (_nextUpdate is null || now <= _nextUpdate);

    /// <summary>Returns when a certificate of the same authority was revoked; null if it was not.</summary>
    public DateTimeOffset? RevokedAt(X509Certificate2 certificate) =>
        _revoked.TryGetValue(new BigInteger(certificate.SerialNumberBytes.Span, isBigEndian: true), out var at) ? at : null;

    private bool IsSignedBy(X509Certificate2 authority)
    {
        var (isRsa, hash) = _algorithm;
        using var rsa = isRsa ? authority.GetRSAPublicKey() : null;
        using var ecdsa = isRsa ? null : authority.GetECDsaPublicKey();
        return rsa?.VerifyData(_signedPart.Span, _signature, hash, RSASignaturePadding.Pkcs1)
            ?? ecdsa?.VerifyData(_signedPart.Span, _signature, hash, DSASignatureFormat.Rfc3279DerSequence)
            ?? false;
    }

    private static (bool IsRsa, HashAlgorithmName Hash) Algorithm(string id) =>
        id switch
        {
            "1.2.840.113549.1.1.11" => (true, HashAlgorithmName.SHA256),
            "1.2.840.113549.1.1.12" => (true, HashAlgorithmName.SHA384),
            "1.2.840.113549.1.1.13" => (true, HashAlgorithmName.SHA512),
            "1.2.840.10045.4.3.2" => (false, HashAlgorithmName.SHA256),
            "1.2.840.10045.4.3.3" => (false, HashAlgorithmName.SHA384),
            "1.2.840.10045.4.3.4" => (false, HashAlgorithmName.SHA512),
            _ => throw new CryptographicException(
                $"A revocation list is signed with the algorithm {id}. Only RSA and ECDSA with SHA-2 are supported."
            ),
        };

    private void ReadEntries(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = entry.ReadInteger();
            _revoked[serial] = ReadTime(entry);
            if (entry.HasData)
            {
                RequireSupported(entry.ReadSequence());
            }
        }
    }

    private static void RequireSupported(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (isCritical || id is IssuingDistributionPoint or DeltaIndicator)
            {
                throw new CryptographicException(
                    $"A revocation list has the extension {id}. Only complete lists of one authority are supported."
                );
            }
        }
    }

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
