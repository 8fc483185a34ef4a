using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Npgsql;
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
    NpgsqlDataSource database,
    NestDb db
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of the authentication scheme.</summary>
    public const string SchemeName = "Bearer";

    private const string Prefix = "Bearer ";

    private const string Lookup = """
        SELECT id, name, role, NULL::uuid, expires_at, key_sha256, last_used_at IS NULL OR last_used_at < now() - interval '1 minute'
        FROM api_keys WHERE key_sha256 = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        UNION ALL
        SELECT c.id, h.name, NULL, h.id, NULL, c.key_sha256, false
        FROM host_credentials c JOIN hosts h ON h.id = c.host_id WHERE c.key_sha256 = $1
        """;

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
        if (await FindAsync(hash, Context.RequestAborted) is not { } principal)
        {
            return AuthenticateResult.Fail("The key is unknown, expired or revoked.");
        }

        return AuthenticateResult.Success(new(principal.Authenticate(Context, db, SchemeName), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        new ProblemResult(Problem.Unauthenticated()).ExecuteAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new ProblemResult(Problem.Forbidden()).ExecuteAsync(Context);

    private async Task<Principal?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        Principal principal;
        await using (var command = database.CreateCommand(Lookup))
        {
            command.Parameters.Add(new() { Value = hash });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken) || !CryptographicOperations.FixedTimeEquals(row.GetFieldValue<byte[]>(5), hash))
            {
                return null;
            }

            principal = new(
                row.GetGuid(0),
                row.GetString(1),
                row.IsDBNull(2) ? null : Enum.Parse<Role>(row.GetString(2)),
                row.IsDBNull(3) ? null : row.GetGuid(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4)
            );
            if (!row.GetBoolean(6))
            {
                return principal;
            }
        }

        await using var used = database.CreateCommand("UPDATE api_keys SET last_used_at = now() WHERE id = $1");
        used.Parameters.Add(new() { Value = principal.Id });
        await used.ExecuteNonQueryAsync(cancellationToken);
        return principal;
    }
}
