using Npgsql;
using OvnNestApi.Problems;

namespace OvnNestApi.Data;

/// <summary>What PostgreSQL's errors mean to a client: the one place that knows constraint names and SQLSTATEs.</summary>
internal static class Conflicts
{
    /// <summary>
    /// Where PostgreSQL says that a table has changed under a statement which a session had prepared. Npgsql prepares it anew the next
    /// time.
    /// </summary>
    private const string Revalidation = "RevalidateCachedQuery";

    /// <summary>A race that is worth another run of the whole transaction; null when it is none.</summary>
    public static Conflict? Of(Exception exception) =>
        Find<PostgresException>(exception) switch
        {
            { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => new(
                Problem.DatabaseUnavailable()
            ),
            { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: Revalidation } => new(Problem.DatabaseUnavailable()),
            { SqlState: PostgresErrorCodes.UniqueViolation } unique => new(OfConstraint(unique.ConstraintName)),
            { SqlState: PostgresErrorCodes.ForeignKeyViolation } => new(
                Problem.InUse("Another request has just begun or ceased to use it. Send the request again.") with
                {
                    Retryable = true,
                }
            ),
            _ => null,
        };

    /// <summary>A database that cannot be used now; null when it is something else.</summary>
    public static Problem? Outage(Exception exception)
    {
        if (Find<PostgresException>(exception) is { } refused)
        {
            return refused.SqlState switch
            {
                PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedObject =>
                    Problem.SchemaMismatch("The database lacks what this version of the program expects. Run its migrations."),
                PostgresErrorCodes.FeatureNotSupported when refused.Routine == Revalidation => Problem.DatabaseUnavailable(),
                PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.InvalidCatalogName =>
                    Problem.DatabaseUnavailable(),
                ['0', '8', ..] or ['2', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or PostgresErrorCodes.ReadOnlySqlTransaction =>
                    Problem.DatabaseUnavailable(),
                _ => null,
            };
        }

        // Every other failure of Npgsql is one of the link: refused, lost, or too slow.
        return Find<NpgsqlException>(exception) is not null ? Problem.DatabaseUnavailable() : null;
    }

    private static Problem OfConstraint(string? constraint) =>
        constraint switch
        {
            "ux_addresses_ip" => Problem.AddressTaken(null, "Another port of the network has this IPv4 address."),
            "ux_addresses_mac" => Problem.AddressTaken(null, "Another port of the network has this MAC address."),
            "ux_vlan_leases_tag" or "ux_vlan_leases_container" => Problem.VlanTagTaken(
                "Another request has just taken the tag.",
                TimeSpan.FromSeconds(1)
            ),
            "ux_vlan_leases_owner" => Problem.VlanTagTaken("Another lease of the VM has this owner key."),
            "pk_claimed_names" => Problem.NameTaken(null, "Another object has just taken one of the names."),
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

/// <summary>A lost race, and what to answer if it goes on being lost.</summary>
internal readonly record struct Conflict(Problem Problem);
