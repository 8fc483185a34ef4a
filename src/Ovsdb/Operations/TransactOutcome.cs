namespace Ovsdb;

/// <summary>The outcome of a transaction: <see cref="Committed"/>, <see cref="Rejected"/> or <see cref="Unknown"/>.</summary>
public abstract record TransactOutcome
{
    private protected TransactOutcome() { }
}

/// <summary>
/// The server has committed the transaction. A standalone server answers before it writes to disk, unless <see cref="Op.Commit"/> requests
/// it.
/// </summary>
/// <param name="Results">One result for each operation, in the same order.</param>
public sealed record Committed(IReadOnlyList<OpResult> Results) : TransactOutcome;

/// <summary>The transaction was rejected and has changed nothing.</summary>
/// <param name="Error">The reason.</param>
/// <param name="OpIndex">
/// The index of the failed operation, from 0; the number of operations if the commit failed; -1 if the whole request was rejected.
/// </param>
public sealed record Rejected(OvsdbError Error, int OpIndex) : TransactOutcome;

/// <summary>
/// The transaction was sent, but no answer was received: it may or may not be committed. Read the rows before you send it again.
/// </summary>
/// <param name="Reason">Why no answer was received.</param>
public sealed record Unknown(string Reason) : TransactOutcome;
