using Npgsql;
using OvnNestApi.Problems;

namespace OvnNestApi.Data;

/// <summary>Converts errors of PostgreSQL to problems, by SQLSTATE and constraint name.</summary>
internal static class Conflicts
{
    /// <summary>
    /// Routine in which PostgreSQL reports that a table has changed since the session prepared the statement. Npgsql prepares the statement
    /// again next time.
    /// </summary>
    private const string Revalidation = "RevalidateCachedQuery";

    /// <summary>Returns the conflict if the error is a lost race, after which the transaction can run again; else null.</summary>
    public static Conflict? Of(Exception exception) =>
        Find<PostgresException>(exception) switch
        {
            { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => new(
                Problem.DatabaseUnavailable()
            ),
            { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: Revalidation } => new(Problem.DatabaseUnavailable()),
            { SqlState: PostgresErrorCodes.UniqueViolation } unique => new(OfConstraint(unique.ConstraintName)),
            { SqlState: PostgresErrorCodes.ForeignKeyViolation } => new(
                Problem.InUse("Another request has started or stopped to use the resource at the same time. Send the request again.") with
                {
                    Retryable = true,
                }
            ),
            _ => null,
        };

    /// <summary>Returns the problem if the error shows that the database is not available now; else null.</summary>
    public static Problem? Outage(Exception exception)
    {
        if (Find<PostgresException>(exception) is { } refused)
        {
            return refused.SqlState switch
            {
                PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedObject =>
                    Problem.SchemaMismatch(
                        "The schema of the database does not match this version of the program. Run the migrations of this version."
                    ),
                PostgresErrorCodes.FeatureNotSupported when refused.Routine == Revalidation => Problem.DatabaseUnavailable(),
                PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.InvalidCatalogName =>
                    Problem.DatabaseUnavailable(),
                ['0', '8', ..] or ['2', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or PostgresErrorCodes.ReadOnlySqlTransaction =>
                    Problem.DatabaseUnavailable(),
                _ => null,
            };
        }

        // All other errors of Npgsql concern the connection: refused, lost or timed out.
        return Find<NpgsqlException>(exception) is not null ? Problem.DatabaseUnavailable() : null;
    }

    private static Problem OfConstraint(string? constraint) =>
        constraint switch
        {
            "ux_addresses_ip" => Problem.AddressTaken(null, "Another port of the network has this IPv4 address."),
            "ux_addresses_mac" => Problem.AddressTaken(null, "Another port of the network has this MAC address."),
            "ux_vlan_leases_tag" or "ux_vlan_leases_container" => Problem.VlanTagTaken(
                "Another request has taken the tag at the same time. Send the request again.",
                TimeSpan.FromSeconds(1)
            ),
            "ux_vlan_leases_owner" => Problem.VlanTagTaken(
                "Another lease of the VM has this owner key. Use another key, or release that lease."
            ),
            "pk_claimed_names" => Problem.NameTaken(null, "Another resource has taken one of the names. Request another name."),
            _ => Problem.AlreadyExists("resource", "with this name"),
        };

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}

/// <summary>A lost race, with the problem to return if all attempts lose it.</summary>
internal readonly record struct Conflict(Problem Problem);
