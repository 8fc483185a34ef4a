namespace Ovsdb;

/// <summary>An error as an OVSDB server gives it (RFC 7047 §3.1, §5.2; ovsdb-server(7) §3.1).</summary>
/// <param name="Error">A short constant text, one of this type's constants or another of the server's.</param>
/// <param name="Details">What happened in the server's words; null where it gave none.</param>
public sealed record OvsdbError(string Error, string? Details)
{
    /// <summary>A <c>wait</c> did not come true in its time: the guard did not hold.</summary>
    public const string TimedOut = "timed out";

    /// <summary>An insert asked for a UUID that a row of the table has, or had before this transaction.</summary>
    public const string DuplicateUuid = "duplicate uuid";

    /// <summary>Two inserts of one transaction have the same <c>uuid-name</c>.</summary>
    public const string DuplicateUuidName = "duplicate uuid-name";

    /// <summary>A value outside its type, a column that cannot change, or two rows with the same key of an index.</summary>
    public const string ConstraintViolation = "constraint violation";

    /// <summary>A strong reference to a row that does not exist at commit.</summary>
    public const string ReferentialIntegrityViolation = "referential integrity violation";

    /// <summary>The server has no memory or space for it.</summary>
    public const string ResourcesExhausted = "resources exhausted";

    /// <summary>The database file could not be written.</summary>
    public const string IoError = "I/O error";

    /// <summary>An <c>abort</c> operation.</summary>
    public const string Aborted = "aborted";

    /// <summary>An <c>assert</c> on a lock that this session does not hold.</summary>
    public const string NotOwner = "not owner";

    /// <summary>Division by zero in a mutation.</summary>
    public const string DomainError = "domain error";

    /// <summary>A mutation's result does not fit its column.</summary>
    public const string RangeError = "range error";

    /// <summary>Role-based access control refuses the change.</summary>
    public const string PermissionError = "permission error";

    /// <summary>The server could not parse the request.</summary>
    public const string SyntaxError = "syntax error";

    /// <summary>The server does not know the database.</summary>
    public const string UnknownDatabase = "unknown database";

    /// <summary>The schema has no such table: said before sending. A server calls it a <see cref="SyntaxError"/>.</summary>
    public const string UnknownTable = "unknown table";

    /// <summary>The table has no such column. Where only names of columns stand a server calls it a <see cref="SyntaxError"/>.</summary>
    public const string UnknownColumn = "unknown column";

    /// <summary>A condition's function is none.</summary>
    public const string UnknownFunction = "unknown function";

    /// <summary>A mutation's mutator is none.</summary>
    public const string UnknownMutator = "unknown mutator";

    /// <summary>A change of the server's own database <c>_Server</c>.</summary>
    public const string NotAllowed = "not allowed";

    /// <summary>The server does not know the request: it is older than the method.</summary>
    public const string UnknownMethod = "unknown method";

    /// <summary>The error, and its details if there are any.</summary>
    public override string ToString() => Details is null ? Error : $"{Error}: {Details}";
}
