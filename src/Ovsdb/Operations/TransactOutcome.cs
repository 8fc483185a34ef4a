namespace Ovsdb;

/// <summary>What became of a transaction that was sent: <see cref="Committed"/>, <see cref="Rejected"/> or <see cref="Unknown"/>.</summary>
public abstract record TransactOutcome
{
    private protected TransactOutcome() { }
}

/// <summary>The server has committed it. A standalone server answers before its disk has it unless <see cref="Op.Commit"/> asked for that.</summary>
/// <param name="Results">One result for each operation, in their order.</param>
public sealed record Committed(IReadOnlyList<OpResult> Results) : TransactOutcome;

/// <summary>Nothing of it was done.</summary>
/// <param name="Error">Why.</param>
/// <param name="OpIndex">The operation that failed, from 0; the number of operations if the commit failed; -1 if the request as a whole was refused.</param>
public sealed record Rejected(OvsdbError Error, int OpIndex) : TransactOutcome;

/// <summary>It was sent, but no answer came: it may be committed or not. Read back, then decide; never repeat it blindly.</summary>
/// <param name="Reason">Why no answer came.</param>
public sealed record Unknown(string Reason) : TransactOutcome;

/// <summary>The result of one operation (RFC 7047 §5.2).</summary>
/// <param name="Uuid">The new row of an insert; else null.</param>
/// <param name="Count">The rows that an update, mutate or delete matched; else 0. A mutate of a row that is gone is no error but a 0.</param>
/// <param name="Rows">The rows of a select; else empty.</param>
public sealed record OpResult(Guid? Uuid, long Count, IReadOnlyList<Row> Rows);
