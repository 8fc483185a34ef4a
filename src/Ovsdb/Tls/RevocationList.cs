using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ovsdb;

/// <summary>A certificate revocation list (RFC 5280 §5). What it cannot understand it refuses: a list that is read is a list that counts.</summary>
internal sealed class RevocationList
{
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0, isConstructed: true);

    // What a whole list of one authority may say of itself; anything else that is critical changes what the list means (§5.2).
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
            signed.ReadInteger(); // the version
        }

        if (signed.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            throw new CryptographicException("A revocation list names two different signature algorithms.");
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
            RequireKnown(signed.ReadSequence(Extensions).ReadSequence());
        }
    }

    /// <summary>Reads the lists of a file: PEM with one or several, or one in DER.</summary>
    /// <exception cref="CryptographicException">There is none, or one that cannot be understood.</exception>
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
            return lists.Count > 0 ? lists : throw new CryptographicException("There is no revocation list in the file.");
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException($"A revocation list is malformed: {e.Message}", e);
        }
    }

    /// <summary>The list is this authority's: issued in its name, signed with its key, and it may sign lists.</summary>
    public bool IsOf(X509Certificate2 authority) =>
        authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer)
        && authority.Extensions.OfType<X509KeyUsageExtension>().All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
        && IsSignedBy(authority);

    /// <summary>The list was valid at this time. One that names no next list stays so.</summary>
    public bool IsCurrent(DateTimeOffset now) => _thisUpdate <= now && (_nextUpdate is null || now <= _nextUpdate);

    /// <summary>When a certificate of the same authority was revoked; null if it was not.</summary>
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
            _ => throw new CryptographicException($"A revocation list is signed with {id}; RSA and ECDSA with SHA-2 are understood."),
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
                RequireKnown(entry.ReadSequence());
            }
        }
    }

    private static void RequireKnown(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (isCritical || id is IssuingDistributionPoint or DeltaIndicator)
            {
                throw new CryptographicException(
                    $"A revocation list has the extension {id}: only complete lists of one authority are understood."
                );
            }
        }
    }

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
