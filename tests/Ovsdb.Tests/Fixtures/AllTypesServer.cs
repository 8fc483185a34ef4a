using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// A server for the tests of a class. Its database has a column of every type (every.ovsschema). Each test uses its own rows.
/// </summary>
public sealed class AllTypesServer : IAsyncLifetime
{
    public const string Name = "Every";

    /// <summary>A table with a column of every type, without constraints.</summary>
    public const string Table = "Every";

    /// <summary>
    /// A table with an index on <c>name</c> and with columns that have an enum, ranges or lengths, are immutable, or are ephemeral.
    /// </summary>
    public const string Limited = "Limited";

    /// <summary>
    /// A table that refers to rows of <see cref="Child"/>: with strong references in <c>children</c> and a weak reference in <c>friend</c>.
    /// </summary>
    public const string Parent = "Parent";

    /// <summary>A non-root table: the server deletes its rows without a strong reference.</summary>
    public const string Child = "Child";

    /// <summary>A table with at most two rows.</summary>
    public const string Few = "Few";

    private OvsdbServer? _server;
    private OvsdbConnection? _connection;

    public static string Schema { get; } = Path.Combine(AppContext.BaseDirectory, "every.ovsschema");

    public OvsdbServer Server => _server!;

    /// <summary>A connection that has not read the schema. So the server, not the client, detects invalid operations.</summary>
    public OvsdbConnection Connection => _connection!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await OvsdbServer.StartNewAsync(Schema);
        _connection = await ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    public Task<OvsdbConnection> ConnectAsync(OvsdbConnectionOptions? options = null) => Nb.ConnectAsync(Server.Endpoint, options);

    /// <summary>Returns a connection that has read the schema and checks operations against it.</summary>
    public async Task<OvsdbConnection> ConnectCheckedAsync()
    {
        var connection = await ConnectAsync();
        await connection.GetSchemaAsync(Name, Ct);
        return connection;
    }

    public Task<TransactOutcome> SendAsync(params Op[] ops) => Connection.TransactAsync(Name, ops, Ct);

    public async Task<IReadOnlyList<OpResult>> CommitAsync(params Op[] ops) => (await SendAsync(ops)).MustCommit();

    /// <summary>Sends a transaction that the server must reject.</summary>
    public async Task<Rejected> RejectionAsync(params Op[] ops) => Assert.IsType<Rejected>(await SendAsync(ops));

    /// <summary>Inserts a row and returns its UUID.</summary>
    public async Task<Guid> InsertAsync(string table, params (string Column, OvsdbValue Value)[] columns) =>
        (await CommitAsync(Op.Insert(table, Nb.Row(columns))))[0].Uuid!.Value;

    public async Task<Row> ReadAsync(string table, Guid uuid, params string[] columns) =>
        Assert.Single((await CommitAsync(Op.Select(table, [Where.Uuid(uuid)], columns.Length == 0 ? null : columns)))[0].Rows);
}
