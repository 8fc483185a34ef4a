using Values = System.Collections.Generic.IReadOnlyDictionary<string, Ovsdb.OvsdbValue>;

namespace Ovsdb;

/// <summary>One operation of a transaction (RFC 7047 §5.2), a value: two operations are equal when all they say is equal.</summary>
public abstract record Op
{
    private protected Op() { }

    /// <summary>The name on the wire, for instance <c>insert</c>.</summary>
    public abstract string Name { get; }

    /// <summary>A new row (RFC 7047 §5.2.1, ovsdb-server(7) §5.2.1).</summary>
    /// <param name="table">Its table.</param>
    /// <param name="row">Its columns; the others get their defaults.</param>
    /// <param name="uuid">Its UUID, chosen by us (Open vSwitch 2.13 and newer): a repeat fails with <see cref="OvsdbError.DuplicateUuid"/> instead of making a second row.</param>
    /// <param name="uuidName">A name for other operations of the same transaction, see <see cref="OvsdbValue.NamedUuid"/>.</param>
    public static Op Insert(string table, Values row, Guid? uuid = null, string? uuidName = null) =>
        new InsertOp(table, row, uuid, uuidName);

    /// <summary>Reads rows (RFC 7047 §5.2.2).</summary>
    /// <param name="table">The table.</param>
    /// <param name="where">Conditions that all must hold; none for every row.</param>
    /// <param name="columns">The columns to read; null for all, <c>_uuid</c> included.</param>
    public static Op Select(string table, IReadOnlyList<Where> where, IReadOnlyList<string>? columns = null) =>
        new SelectOp(table, where, columns);

    /// <summary>Sets columns of the rows that match (RFC 7047 §5.2.3).</summary>
    public static Op Update(string table, IReadOnlyList<Where> where, Values row) => new UpdateOp(table, where, row);

    /// <summary>Changes columns of the rows that match (RFC 7047 §5.2.4).</summary>
    public static Op Mutate(string table, IReadOnlyList<Where> where, params IReadOnlyList<Mutation> mutations) =>
        new MutateOp(table, where, mutations);

    /// <summary>Deletes the rows that match (RFC 7047 §5.2.5).</summary>
    public static Op Delete(string table, IReadOnlyList<Where> where) => new DeleteOp(table, where);

    /// <summary>A guard: the rows that match, seen in these columns, are (<c>==</c>) or are not (<c>!=</c>) these rows (RFC 7047 §5.2.6).</summary>
    /// <param name="table">The table.</param>
    /// <param name="where">Conditions that all must hold; none for every row.</param>
    /// <param name="columns">The columns to compare.</param>
    /// <param name="until"><c>==</c> or <c>!=</c>.</param>
    /// <param name="rows">The rows to compare with.</param>
    /// <param name="timeoutMilliseconds">How long the server may wait for it; 0 decides at once. Then the transaction fails with <see cref="OvsdbError.TimedOut"/>.</param>
    public static Op Wait(
        string table,
        IReadOnlyList<Where> where,
        IReadOnlyList<string> columns,
        string until,
        IReadOnlyList<Values> rows,
        int timeoutMilliseconds = 0
    ) => new WaitOp(table, where, columns, until, rows, timeoutMilliseconds);

    /// <summary>A text for the server's log file and its transaction history (RFC 7047 §5.2.9).</summary>
    /// <exception cref="ArgumentException">As of any text, see <see cref="OvsdbValue"/>.</exception>
    public static Op Comment(string comment) => new CommentOp(((OvsdbValue)comment).AsString());

    /// <summary>Asks, if durable, that the answer waits for the disk (RFC 7047 §5.2.7).</summary>
    public static Op Commit(bool durable) => new CommitOp(durable);

    /// <summary>Undoes the transaction (RFC 7047 §5.2.8).</summary>
    public static Op Abort() => new AbortOp();

    /// <summary>Fails with <see cref="OvsdbError.NotOwner"/> unless this session holds the lock (RFC 7047 §5.2.10). No fence across a cluster.</summary>
    public static Op Assert(string lockId) => new AssertOp(lockId);

    /// <summary>The operation as JSON, as it goes over the wire.</summary>
    public sealed override string ToString() => OpWriter.ToJson(this);
}

/// <summary>See <see cref="Op.Insert"/>.</summary>
public sealed record InsertOp(string Table, Values Row, Guid? Uuid, string? UuidName) : Op
{
    /// <inheritdoc/>
    public override string Name => "insert";

    /// <inheritdoc/>
    public bool Equals(InsertOp? other) =>
        other is not null && (Table, Uuid, UuidName) == (other.Table, other.Uuid, other.UuidName) && Same.Columns(Row, other.Row);

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
        other is not null && Table == other.Table && Where.SequenceEqual(other.Where) && Same.Names(Columns, other.Columns);

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
        other is not null && Table == other.Table && Where.SequenceEqual(other.Where) && Same.Columns(Row, other.Row);

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
        && Rows.Zip(other.Rows, Same.Columns).All(same => same);

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

/// <summary>Records compare their lists and dictionaries by reference; operations compare them by what they hold.</summary>
file static class Same
{
    public static bool Columns(Values a, Values b) =>
        a.Count == b.Count && a.All(column => b.TryGetValue(column.Key, out var theirs) && column.Value == theirs);

    public static bool Names(IReadOnlyList<string>? a, IReadOnlyList<string>? b) => a is null || b is null ? a == b : a.SequenceEqual(b);
}
