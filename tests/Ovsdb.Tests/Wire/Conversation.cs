using System.Text;
using System.Text.Json;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// A recording of everything that a real server sent to a client: schema, contents, updates, results and errors. It can be replayed,
/// unchanged or changed.
/// </summary>
internal sealed class Conversation
{
    private static readonly DatabaseSchema Schema = DatabaseSchema.Parse(File.ReadAllText(AllTypesServer.Schema));

    private readonly SortedDictionary<long, (string Method, IReadOnlyList<Op> Ops)> _requests = [];
    private readonly List<byte> _bytes = [];

    private Conversation() { }

    public byte[] Bytes => [.. _bytes];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<Conversation> RecordAsync()
    {
        await using var server = await OvsdbServer.StartNewAsync(AllTypesServer.Schema);
        await using var interceptor = new Interceptor(server);
        var conversation = new Conversation();
        var uuid = Guid.NewGuid();
        IReadOnlyList<Op>[] transactions =
        [
            [
                Op.Insert(AllTypesServer.Table, Full, uuid),
                Op.Insert(AllTypesServer.Table, Nb.Row(("strings", OvsdbValue.Set(["}{][\"\\", "é\U0001F600\t", ""]))), uuidName: "x"),
            ],
            [
                Op.Update(AllTypesServer.Table, [Where.Uuid(uuid)], Nb.Row(("real", 3), ("optional_pair", OvsdbValue.EmptyMap))),
                Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], Mutation.Insert("integers", 9)),
            ],
            [Op.Insert(AllTypesServer.Limited, Nb.Row(("name", "a"))), Op.Insert(AllTypesServer.Limited, Nb.Row(("name", "a")))],
            [Op.Comment(""), Op.Abort(), Op.Comment("")],
            [Op.Select(AllTypesServer.Table, []), Op.Delete(AllTypesServer.Table, []), Op.Commit(durable: false)],
        ];
        var sent = new Queue<IReadOnlyList<Op>>(transactions);
        interceptor.ToServer = message =>
        {
            using var request = JsonDocument.Parse(message);
            var method = request.RootElement.GetProperty("method").GetString()!;
            if (request.RootElement.GetProperty("id") is { ValueKind: JsonValueKind.Number } id)
            {
                conversation._requests.Add(id.GetInt64(), (method, method == "transact" ? sent.Dequeue() : []));
            }

            return message;
        };
        interceptor.ToClient = message =>
        {
            conversation._bytes.AddRange(Encoding.UTF8.GetBytes(message));
            return message;
        };
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        foreach (var transaction in transactions)
        {
            await client.TransactAsync(transaction, Ct);
        }

        return conversation;
    }

    /// <summary>
    /// Replays the recording, or other bytes, to a link that makes the same calls. Returns a text for each thing that was read, in order.
    /// Completes when the link and all calls have ended.
    /// </summary>
    public async Task<List<string>> ReplayAsync(params IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        var read = new List<string>();
        using var stream = new ReplayedStream(parts);
        var layout = new ReplicaLayout([AllTypesRow.Monitored(null)], [AllTypesRow.ByString], Schema);
        var replica = new Replica(layout, change => read.Add($"{change.Reloaded}: {string.Join("; ", change.Rows)}"));
        await using var link = new JsonRpcLink(stream, new OvsdbConnectionOptions { MaxMessageBytes = 100_000 }, HandleNotification, null);
        link.Start();
        var calls = _requests
            .Values.Select(request =>
                EndAsync(link.CallAsync(new Call<string>(Reader(request.Method, request.Ops)), request.Method, null, Ct))
            )
            .ToArray();
        stream.Open();
        await link.Completion.WaitAsync(Eventually.Deadline, Ct);
        await Task.WhenAll(calls).WaitAsync(Eventually.Deadline, Ct);
        return read;

        ResultReader<string> Reader(string method, IReadOnlyList<Op> ops) =>
            (ref reader) =>
            {
                var text = method switch
                {
                    "get_schema" => Text(SchemaReader.Read(JsonElement.ParseValue(ref reader))),
                    "transact" => Text(TransactReader.Read(ref reader, ops, Schema, new ReadingPool())),
                    "monitor_cond_since" => Updates(ref reader, isContents: true),
                    _ => JsonElement.ParseValue(ref reader).GetRawText(),
                };
                read.Add(text);
                return text;
            };

        void HandleNotification(string method, System.Buffers.ReadOnlySequence<byte> parameters)
        {
            var reader = JsonTokens.Begin(parameters);
            read.Add(method == "update3" ? Updates(ref reader, isContents: false) : method);
        }

        string Updates(ref Utf8JsonReader reader, bool isContents)
        {
            reader.Require(JsonTokenType.StartArray);
            reader.ReadNext();
            reader.ReadNext();
            var last = reader.GetGuid();
            reader.ReadNext();
            replica.Read(ref reader, new TableUpdates(isContents, Found: false, last), layout);
            return $"{last}";
        }
    }

    private static Dictionary<string, OvsdbValue> Full =>
        Nb.Row(
            ("integer", long.MinValue),
            ("real", -1.5e-7),
            ("boolean", true),
            ("string", "text"),
            ("uuid", Guid.NewGuid()),
            ("optional_string", "x"),
            ("integers", OvsdbValue.Set([1L, 22L, 333L])),
            ("booleans", OvsdbValue.Set([true, false])),
            ("uuids", OvsdbValue.Set([Guid.NewGuid(), Guid.NewGuid()])),
            ("string_to_string", Nb.Marks(("a", "b"), ("c", "€"))),
            ("integer_to_real", OvsdbValue.MapOf([new(1, 1.5), new(2, 2)])),
            ("optional_pair", OvsdbValue.MapOf([new("k", 7)]))
        );

    /// <summary>Checks that a call ends with a result, with an error of the server, or because the link was lost.</summary>
    private static async Task EndAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (Exception e) when (e is OvsdbNotConnectedException or OvsdbException) { }
    }

    private static string Text(DatabaseSchema schema)
    {
        var columns =
            from table in schema.Tables.Values
            from column in table.Columns.Values
            select $"{table.Name}.{column.Name} {column.Type.Key}";
        return $"{schema.Name} {schema.Version} {string.Join(", ", columns)}";
    }

    private static string Text(TransactOutcome outcome) =>
        outcome is Committed committed
            ? string.Join("; ", committed.Results.Select(result => $"{result.Uuid} {result.Count} {string.Join(", ", result.Rows)}"))
            : $"{outcome}";
}
