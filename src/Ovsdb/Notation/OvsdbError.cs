namespace Ovsdb;

/// <summary>An error that an OVSDB server returns (RFC 7047 §3.1, §5.2; ovsdb-server(7) §3.1).</summary>
/// <param name="Error">The kind of error: one of the constants of this type, or another string that the server uses.</param>
/// <param name="Details">A description by the server; null if it sent none.</param>
public sealed record OvsdbError(string Error, string? Details)
{
    /// <summary>The condition of a <c>wait</c> did not become true within its timeout.</summary>
    public const string TimedOut = "timed out";

    /// <summary>An insert requested a UUID that a row of the table has, or had before this transaction.</summary>
    public const string DuplicateUuid = "duplicate uuid";

    /// <summary>Two inserts of one transaction have the same <c>uuid-name</c>.</summary>
    public const string DuplicateUuidName = "duplicate uuid-name";

    /// <summary>A value violates its column's type, a column is immutable, or two rows have the same key in an index.</summary>
    public const string ConstraintViolation = "constraint violation";

    /// <summary>A strong reference refers to a row that does not exist at commit.</summary>
    public const string ReferentialIntegrityViolation = "referential integrity violation";

    /// <summary>The server has not enough memory or disk space.</summary>
    public const string ResourcesExhausted = "resources exhausted";

    /// <summary>The database file could not be written.</summary>
    public const string IoError = "I/O error";

    /// <summary>The transaction contains an <c>abort</c> operation.</summary>
    public const string Aborted = "aborted";

    /// <summary>An <c>assert</c> names a lock that this session does not hold.</summary>
    public const string NotOwner = "not owner";

    /// <summary>A mutation divides by zero.</summary>
    public const string DomainError = "domain error";

    /// <summary>The result of a mutation does not fit the column's type.</summary>
    public const string RangeError = "range error";

    /// <summary>Role-based access control forbids the change.</summary>
    public const string PermissionError = "permission error";

    /// <summary>The server could not parse the request.</summary>
    public const string SyntaxError = "syntax error";

    /// <summary>The server does not have the database.</summary>
    public const string UnknownDatabase = "unknown database";

    /// <summary>
    /// The schema does not have the table. This library returns it without sending the request; a server returns <see cref="SyntaxError"/>
    /// instead.
    /// </summary>
    public const string UnknownTable = "unknown table";

    /// <summary>
    /// The table does not have the column. A server returns <see cref="SyntaxError"/> where a request contains only column names.
    /// </summary>
    public const string UnknownColumn = "unknown column";

    /// <summary>The function of a condition is not valid.</summary>
    public const string UnknownFunction = "unknown function";

    /// <summary>The mutator of a mutation is not valid.</summary>
    public const string UnknownMutator = "unknown mutator";

    /// <summary>The operation would change the server's own database <c>_Server</c>.</summary>
    public const string NotAllowed = "not allowed";

    /// <summary>The server does not support the method, usually because it is older than the method.</summary>
    public const string UnknownMethod = "unknown method";

    /// <summary>The error, followed by its details if it has any.</summary>
    public override string ToString() => Details is null ? Error : $"{Error}: {Details}";
}
