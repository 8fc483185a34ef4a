using TestServers;

namespace Ovsdb.Tests;

/// <summary>A server of a database with a column of every type (every.ovsschema), for the tests of one class, each of which works with rows of its own.</summary>
public sealed class Every : IAsyncLifetime
{
    public const string Name = "Every";

    /// <summary>A column of every type, without limits.</summary>
    public const string Table = "Every";

    /// <summary>Columns with limits: an index on <c>name</c>, enum, ranges, lengths, one that cannot change, one that is not stored.</summary>
    public const string Limited = "Limited";

    /// <summary>Refers to rows of <see cref="Child"/>: strongly in <c>children</c>, weakly in <c>friend</c>.</summary>
    public const string Parent = "Parent";

    /// <summary>Rows that live as long as a strong reference to them.</summary>
    public const string Child = "Child";

    /// <summary>At most two rows.</summary>
    public const string Few = "Few";

    private OvsdbServer? _server;
    private OvsdbConnection? _connection;

    public static string Schema { get; } = Path.Combine(AppContext.BaseDirectory, "every.ovsschema");

    public OvsdbServer Server => _server!;

    /// <summary>A connection that knows no schema: what is wrong with an operation, the server itself says.</summary>
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

    /// <summary>A connection that knows the schema, and checks by it.</summary>
    public async Task<OvsdbConnection> ConnectCheckedAsync()
    {
        var connection = await ConnectAsync();
        await connection.GetSchemaAsync(Name, Ct);
        return connection;
    }

    public Task<TransactOutcome> SendAsync(params Op[] ops) => Connection.TransactAsync(Name, ops, Ct);

    public async Task<IReadOnlyList<OpResult>> CommitAsync(params Op[] ops) => (await SendAsync(ops)).MustCommit();

    /// <summary>The server's refusal, which there must be.</summary>
    public async Task<Rejected> RefusalAsync(params Op[] ops) => Assert.IsType<Rejected>(await SendAsync(ops));

    /// <summary>A new row; gives its UUID.</summary>
    public async Task<Guid> InsertAsync(string table, params (string Column, OvsdbValue Value)[] columns) =>
        (await CommitAsync(Op.Insert(table, Nb.Row(columns))))[0].Uuid!.Value;

    public async Task<Row> ReadAsync(string table, Guid uuid, params string[] columns) =>
        Assert.Single((await CommitAsync(Op.Select(table, [Where.Uuid(uuid)], columns.Length == 0 ? null : columns)))[0].Rows);
}
