using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>
/// Key that a client chooses for a request, so that it can repeat the request without a second effect (header <c>Idempotency-Key</c>).
/// </summary>
/// <param name="PrincipalId">Sender of the request. Keys of different senders are independent.</param>
/// <param name="Text">The key.</param>
/// <param name="RequestSha256">SHA-256 of method, path, query and body: a repetition has the same.</param>
internal sealed record IdempotencyKey(Guid PrincipalId, string Text, byte[] RequestSha256)
{
    public const string Header = "Idempotency-Key";

    public const string Description =
        "Key that the client chooses for this request: 1 to 255 printable ASCII characters. For 24 hours, a request of the same API key "
        + "with this key, the same URL and the same body gets the same answer again, without a second effect. With another URL or body "
        + "the response is 422; while the first request is running, it is 409. Failed requests and dry runs are not remembered.";

    private const int Longest = 255;

    private static readonly SearchValues<char> Printable = SearchValues.Create([
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c),
    ]);

    /// <summary>Returns the key of the request; null if none was sent, or if the request is a dry run, which has no effect.</summary>
    /// <param name="body">The JSON values of the body.</param>
    public static Answer<IdempotencyKey?> Of(HttpContext context, IReadOnlyList<JsonElement> body, bool dryRun)
    {
        IdempotencyKey? none = null;
        if (!context.Request.Headers.TryGetValue(Header, out var values))
        {
            return none;
        }

        if (values is not [{ Length: >= 1 and <= Longest } key] || key.AsSpan().ContainsAnyExcept(Printable))
        {
            return Problem.ValidationFailed(
                pointer: null,
                $"The header {Header} is not valid: one value of 1 to {Longest} printable ASCII characters is expected."
            );
        }

        return dryRun ? none : new IdempotencyKey(Principal.Of(context).Id, key, Hash(context.Request, body));
    }

    private static byte[] Hash(HttpRequest request, IReadOnlyList<JsonElement> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.PathBase}{request.Path}{request.QueryString}"));
        foreach (var value in body)
        {
            hash.AppendData("\n"u8);
            hash.AppendData(JsonMarshal.GetRawUtf8Value(value));
        }

        return hash.GetHashAndReset();
    }
}
