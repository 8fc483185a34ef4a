using System.Security.Cryptography;
using Npgsql;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Finds the senders of requests by their keys.</summary>
internal sealed class KeyLookup(NpgsqlDataSource database)
{
    private const string Lookup = """
        SELECT id, name, role, NULL::uuid, expires_at, key_sha256, last_used_at IS NULL OR last_used_at < now() - interval '1 minute'
        FROM api_keys WHERE key_sha256 = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        UNION ALL
        SELECT c.id, h.name, NULL, h.id, NULL, c.key_sha256, false
        FROM host_credentials c JOIN hosts h ON h.id = c.host_id WHERE c.key_sha256 = $1
        """;

    private const string Valid = """
        SELECT EXISTS (SELECT FROM api_keys WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
        """;

    /// <summary>Returns the sender with this hash of a key, and records the use; null if the key is unknown, expired or revoked.</summary>
    public async Task<Principal?> FindAsync(byte[] hash, CancellationToken cancellationToken)
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

    /// <summary>Returns true if the API key of an earlier request is still valid.</summary>
    public async Task<bool> IsValidAsync(Principal principal, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Valid);
        command.Parameters.Add(new() { Value = principal.Id });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}
