using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Rules for JSON: camel case, no lenient conversions, null values are not written.</summary>
public static class ApiJson
{
    /// <summary>Maximum depth of nesting; a deeper body is rejected as malformed.</summary>
    public const int MaxDepth = 32;

    /// <summary>Shared options, read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Applies the rules to other options, such as those of ASP.NET Core, from which its OpenAPI document is generated.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = false;
        options.MaxDepth = MaxDepth;

        // A response is never HTML, so characters such as + need no escape sequence.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new TextValueConverter<Ipv4>(Ipv4.TryParse, "an IPv4 address such as 172.16.255.133 is expected"));
        options.Converters.Add(
            new TextValueConverter<MacAddress>(MacAddress.TryParse, "a unicast MAC address such as 02:ac:10:ff:01:33 is expected")
        );
        options.Converters.Add(
            new TextValueConverter<Cidr>(
                Cidr.TryParse,
                "an IPv4 subnet in canonical form such as 172.16.255.128/26 is expected (host bits zero)"
            )
        );
        options.Converters.Add(
            new TextValueConverter<AddressRange>(
                AddressRange.TryParse,
                "an IPv4 address or a range such as 172.16.255.140-172.16.255.150 is expected"
            )
        );
        options.Converters.Add(
            new TextValueConverter<AllowedAddress>(
                AllowedAddress.TryParse,
                "an IPv4 address, or a subnet in canonical form with a prefix length of 8 to 31, is expected, with an optional MAC address "
                    + "and a space before it, such as 172.16.255.180 or 00:00:5e:00:01:33 172.16.255.180"
            )
        );
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver();
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Configure(options);
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>Converts a value that is a string in JSON.</summary>
internal sealed class TextValueConverter<T>(TextValueConverter<T>.Parse parse, string expected) : JsonConverter<T>
    where T : struct
{
    internal delegate bool Parse(string? text, out T value);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && parse(reader.GetString(), out var value) ? value : throw new JsonException(expected);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>Writes times in UTC with the suffix Z (RFC 3339).</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    private const int MicrosecondsEnd = 26;

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        // The round-trip format has seven digits after the point. It is several times as fast as a custom format.
        Span<byte> text = stackalloc byte[32];
        value.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        var digits = text[..MicrosecondsEnd].TrimEnd((byte)'0').TrimEnd((byte)'.');
        text[digits.Length] = (byte)'Z';
        writer.WriteStringValue(text[..(digits.Length + 1)]);
    }
}
