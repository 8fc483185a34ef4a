using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// Authenticates <c>Authorization: Bearer &lt;key&gt;</c> (RFC 6750). Every request looks up the key, so a revocation applies at once.
/// </summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    KeyLookup keys,
    NestDb db
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of the authentication scheme.</summary>
    public const string SchemeName = "Bearer";

    private const string Prefix = "Bearer ";

    /// <summary>
    /// Returns the SHA-256 of the key, which is stored in place of the key. A key has 256 random bits, so a slow hash adds no security.
    /// </summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Anonymous endpoints must work without the database.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        var header = Request.Headers.Authorization.ToString();
        if (header.Length is <= 7 or > 512 || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var hash = Hash(header[Prefix.Length..].Trim());
        if (await keys.FindAsync(hash, Context.RequestAborted) is not { } principal)
        {
            return AuthenticateResult.Fail("The key is unknown, expired or revoked.");
        }

        return AuthenticateResult.Success(new(principal.Authenticate(Context, db, SchemeName), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        new ProblemResult(Problem.Unauthenticated()).ExecuteAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new ProblemResult(Problem.Forbidden()).ExecuteAsync(Context);
}
