namespace Ovsdb;

/// <summary>One live stream to a server. It never reconnects.</summary>
public sealed class OvsdbConnection : IAsyncDisposable
{
    private OvsdbConnection(Task completion) => Completion = completion;

    /// <summary>Ends, without an error, when the link has ended.</summary>
    public Task Completion { get; }

    /// <summary>Connects.</summary>
    public static Task<OvsdbConnection> ConnectAsync(OvsdbEndpoint endpoint, OvsdbConnectionOptions options, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The names of the server's databases.</summary>
    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The schema of a database.</summary>
    public Task<DatabaseSchema> GetSchemaAsync(string database, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Ends when the server has answered.</summary>
    public Task EchoAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The UUID of the server's process.</summary>
    public Task<Guid> GetServerIdAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Sends a transaction.</summary>
    public Task<TransactOutcome> TransactAsync(string database, IReadOnlyList<Op> ops, CancellationToken ct) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
