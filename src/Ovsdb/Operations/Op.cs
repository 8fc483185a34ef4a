using Values = System.Collections.Generic.IReadOnlyDictionary<string, Ovsdb.OvsdbValue>;

namespace Ovsdb;

/// <summary>An operation of a transaction (RFC 7047 §5.2). Two operations are equal if their contents are equal.</summary>
public abstract record Op
{
    private protected Op() { }

    /// <summary>The name of the operation in the protocol, for example <c>insert</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Inserts a row (RFC 7047 §5.2.1, ovsdb-server(7) §5.2.1).</summary>
    /// <param name="table">The table.</param>
    /// <param name="row">The column values. Other columns get their defaults.</param>
    /// <param name="uuid">
    /// The UUID of the row (Open vSwitch 2.13 and newer); null to let the server choose. With a UUID, sending the insert again fails with
    /// <see cref="OvsdbError.DuplicateUuid"/> instead of inserting a second row.
    /// </param>
    /// <param name="uuidName">
    /// A name by which other operations of the transaction refer to the row, see <see cref="OvsdbValue.NamedUuid"/>.
    /// </param>
    public static Op Insert(string table, Values row, Guid? uuid = null, string? uuidName = null) =>
        new InsertOp(table, row, uuid, uuidName);

    /// <summary>Reads rows (RFC 7047 §5.2.2).</summary>
    /// <param name="table">The table.</param>
    /// <param name="where">The conditions, which must all hold. An empty list matches every row.</param>
    /// <param name="columns">The columns to read; null for all columns, including <c>_uuid</c>.</param>
    public static Op Select(string table, IReadOnlyList<Where> where, IReadOnlyList<string>? columns = null) =>
        new SelectOp(table, where, columns);

    /// <summary>Sets columns of the rows that match (RFC 7047 §5.2.3).</summary>
    public static Op Update(string table, IReadOnlyList<Where> where, Values row) => new UpdateOp(table, where, row);

    /// <summary>Changes columns of the rows that match, based on their current values (RFC 7047 §5.2.4).</summary>
    public static Op Mutate(string table, IReadOnlyList<Where> where, params IReadOnlyList<Mutation> mutations) =>
        new MutateOp(table, where, mutations);

    /// <summary>Deletes the rows that match (RFC 7047 §5.2.5).</summary>
    public static Op Delete(string table, IReadOnlyList<Where> where) => new DeleteOp(table, where);

    /// <summary>
    /// Waits until the given columns of the rows that match are equal (<c>==</c>) or not equal (<c>!=</c>) to the given rows (RFC 7047
    /// §5.2.6).
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="where">The conditions, which must all hold. An empty list matches every row.</param>
    /// <param name="columns">The columns to compare.</param>
    /// <param name="until"><c>==</c> or <c>!=</c>.</param>
    /// <param name="rows">The rows to compare with.</param>
    /// <param name="timeoutMilliseconds">
    /// How long the server waits before the transaction fails with <see cref="OvsdbError.TimedOut"/>. With 0 it fails immediately, which
    /// makes the operation a guard of the transaction.
    /// </param>
    public static Op Wait(
        string table,
        IReadOnlyList<Where> where,
        IReadOnlyList<string> columns,
        string until,
        IReadOnlyList<Values> rows,
        int timeoutMilliseconds = 0
    ) => new WaitOp(table, where, columns, until, rows, timeoutMilliseconds);

    /// <summary>Adds a comment to the transaction in the server's log and database file (RFC 7047 §5.2.9).</summary>
    /// <exception cref="ArgumentException">The comment contains U+0000 or half of a surrogate pair.</exception>
    public static Op Comment(string comment) => new CommentOp(((OvsdbValue)comment).AsString());

    /// <summary>If durable, makes the server answer only after it has written the transaction to disk (RFC 7047 §5.2.7).</summary>
    public static Op Commit(bool durable) => new CommitOp(durable);

    /// <summary>Aborts the transaction (RFC 7047 §5.2.8).</summary>
    public static Op Abort() => new AbortOp();

    /// <summary>
    /// Fails with <see cref="OvsdbError.NotOwner"/> unless this connection holds the lock (RFC 7047 §5.2.10). Locks do not protect writes
    /// to a cluster: each member has its own.
    /// </summary>
    public static Op Assert(string lockId) => new AssertOp(lockId);

    /// <summary>The operation as JSON, as it is sent to the server.</summary>
    public sealed override string ToString() => OpWriter.ToJson(this);
}

/// <summary>See <see cref="Op.Insert"/>.</summary>
public sealed record InsertOp(string Table, Values Row, Guid? Uuid, string? UuidName) : Op
{
    /// <inheritdoc/>
    public override string Name => "insert";

    /// <inheritdoc/>
    public bool Equals(InsertOp? other) =>
        other is not null && (Table, Uuid, UuidName) == (other.Table, other.Uuid, other.UuidName) && Contents.AreEqual(Row, other.Row);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Uuid, UuidName, Row.Count);
}

/// <summary>See <see cref="Op.Select"/>.</summary>
public sealed record SelectOp(string Table, IReadOnlyList<Where> Where, IReadOnlyList<string>? Columns) : Op
{
    /// <inheritdoc/>
    public override string Name => "select";

    /// <inheritdoc/>
    public bool Equals(SelectOp? other) =>
        other is not null && Table == other.Table && Where.SequenceEqual(other.Where) && Contents.AreEqual(Columns, other.Columns);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Where.Count, Columns?.Count);
}

/// <summary>See <see cref="Op.Update"/>.</summary>
public sealed record UpdateOp(string Table, IReadOnlyList<Where> Where, Values Row) : Op
{
    /// <inheritdoc/>
    public override string Name => "update";

    /// <inheritdoc/>
    public bool Equals(UpdateOp? other) =>
        other is not null && Table == other.Table && Where.SequenceEqual(other.Where) && Contents.AreEqual(Row, other.Row);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Where.Count > 0 ? Where[0] : default, Row.Count);
}

/// <summary>See <see cref="Op.Mutate"/>.</summary>
public sealed record MutateOp(string Table, IReadOnlyList<Where> Where, IReadOnlyList<Mutation> Mutations) : Op
{
    /// <inheritdoc/>
    public override string Name => "mutate";

    /// <inheritdoc/>
    public bool Equals(MutateOp? other) =>
        other is not null && Table == other.Table && Where.SequenceEqual(other.Where) && Mutations.SequenceEqual(other.Mutations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Where.Count > 0 ? Where[0] : default, Mutations.Count);
}

/// <summary>See <see cref="Op.Delete"/>.</summary>
public sealed record DeleteOp(string Table, IReadOnlyList<Where> Where) : Op
{
    /// <inheritdoc/>
    public override string Name => "delete";

    /// <inheritdoc/>
    public bool Equals(DeleteOp? other) => other is not null && Table == other.Table && Where.SequenceEqual(other.Where);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Where.Count > 0 ? Where[0] : default);
}

/// <summary>See <see cref="Op.Wait"/>.</summary>
public sealed record WaitOp(
    string Table,
    IReadOnlyList<Where> Where,
    IReadOnlyList<string> Columns,
    string Until,
    IReadOnlyList<Values> Rows,
    int TimeoutMilliseconds
) : Op
{
    /// <inheritdoc/>
    public override string Name => "wait";

    /// <inheritdoc/>
    public bool Equals(WaitOp? other) =>
        other is not null
        && (Table, Until, TimeoutMilliseconds, Rows.Count) == (other.Table, other.Until, other.TimeoutMilliseconds, other.Rows.Count)
        && Where.SequenceEqual(other.Where)
        && Columns.SequenceEqual(other.Columns)
        && Rows.Zip(other.Rows, Contents.AreEqual).All(areEqual => areEqual);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table, Where.Count > 0 ? Where[0] : default, Until, Rows.Count);
}

/// <summary>See <see cref="Op.Comment"/>.</summary>
public sealed record CommentOp(string Text) : Op
{
    /// <inheritdoc/>
    public override string Name => "comment";
}

/// <summary>See <see cref="Op.Commit"/>.</summary>
public sealed record CommitOp(bool Durable) : Op
{
    /// <inheritdoc/>
    public override string Name => "commit";
}

/// <summary>See <see cref="Op.Abort"/>.</summary>
public sealed record AbortOp : Op
{
    /// <inheritdoc/>
    public override string Name => "abort";
}

/// <summary>See <see cref="Op.Assert"/>.</summary>
public sealed record AssertOp(string LockId) : Op
{
    /// <inheritdoc/>
    public override string Name => "assert";
}

/// <summary>Compares collections by content: the generated equality of records compares them by reference.</summary>
file static class Contents
{
    public static bool AreEqual(Values a, Values b) =>
        a.Count == b.Count && a.All(column => b.TryGetValue(column.Key, out var other) && column.Value == other);

    public static bool AreEqual(IReadOnlyList<string>? a, IReadOnlyList<string>? b) => a is null || b is null ? a == b : a.SequenceEqual(b);
}
