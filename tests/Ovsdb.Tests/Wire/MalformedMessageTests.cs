using System.Text;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>Messages that violate RFC 7047 §4 end the connection and every call with the reason.</summary>
public sealed class MalformedMessageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""[1,2]""", "a JSON object")]
    [InlineData("""17 """, "a JSON object")]
    [InlineData("""HTTP/1.1 400 Bad Request""", "'H' is an invalid start")]
    [InlineData("""{"id":1,,"result":[]}""", "','")]
    [InlineData("""{"id":1,"result":[{}]]""", "']' is invalid")]
    [InlineData("""{"id":1,"result":[NaN]}""", "'N'")]
    [InlineData("""{"id":1,"result":["\x"]}""", "'x'")]
    [InlineData("""{}""", "lacks a required member")]
    [InlineData("""{"result":[],"error":null}""", "lacks a required member")]
    [InlineData("""{"id":null,"result":[],"error":null}""", "id of a request")]
    [InlineData("""{"id":"1","result":[],"error":null}""", "id of a request")]
    [InlineData("""{"id":1.5,"result":[],"error":null}""", "id of a request")]
    [InlineData("""{"id":4711,"result":[],"error":null}""", "4711")]
    [InlineData("""{"id":-1,"result":[],"error":null}""", "-1")]
    [InlineData("""{"id":1}""", "lacks a required member")]
    [InlineData("""{"id":1,"error":null}""", "lacks a required member")]
    [InlineData("""{"id":1,"error":5}""", "StartObject was expected")]
    [InlineData("""{"id":1,"error":{"error":5}}""", "String was expected")]
    [InlineData("""{"id":1,"result":null,"error":null}""", "StartArray was expected")]
    [InlineData("""{"id":1,"result":{},"error":null}""", "StartArray was expected")]
    [InlineData("""{"id":1,"result":[],"error":null}""", "0 results for 2 operations")]
    [InlineData("""{"id":1,"result":[{},{},{}],"error":null}""", "3 results for 2 operations")]
    [InlineData("""{"id":1,"result":[5,{}],"error":null}""", "StartObject was expected")]
    [InlineData("""{"id":1,"result":[{"uuid":"x"},{}],"error":null}""", "not a UUID")]
    [InlineData("""{"id":1,"result":[{"uuid":["uuid","x"]},{}],"error":null}""", "")]
    [InlineData("""{"id":1,"result":[{"count":"x"},{}],"error":null}""", "")]
    [InlineData("""{"id":1,"result":[{},{"rows":[5]}],"error":null}""", "StartObject was expected")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":null}]}],"error":null}""", "An atom was expected, not Null")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":{}}]}],"error":null}""", "An atom was expected, not StartObject")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["bag",[]]}]}],"error":null}""", "not a UUID, a set or a map")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["set",5]}]}],"error":null}""", "StartArray was expected")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["set",[["set",[]]]]}]}],"error":null}""", "not a UUID, a set or a map")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["map",[["k"]]]}]}],"error":null}""", "An atom was expected")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["map",[["k",1],["k",2]]]}]}],"error":null}""", "twice")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["map",[["k",1,2]]]}]}],"error":null}""", "EndArray was expected")]
    [InlineData("""{"id":1,"result":[{},{"rows":[{"a":["uuid","a","b"]}]}],"error":null}""", "")]
    [InlineData("""{"id":null,"method":5,"params":[]}""", "'Number' as a string")]
    [InlineData("""{"id":null,"method":"update3"}""", "lacks a required member")]
    [InlineData("""{"id":null,"method":"update3","params":{}}""", "StartArray was expected")]
    [InlineData("""{"id":null,"method":"update3","params":[5]}""", "String was expected")]
    public Task A_malformed_message_ends_the_connection(string text, string reason) => MustEndAsync(Encoding.UTF8.GetBytes(text), reason);

    [Fact]
    public Task A_string_that_is_not_UTF8_ends_the_connection() =>
        MustEndAsync([.. """{"id":1,"result":[{},{"rows":[{"a":"x"""u8, 0xC3, 0x28, .. "\"}]}],\"error\":null}"u8], "UTF-8");

    [Fact]
    public Task A_message_with_too_deep_nesting_ends_the_connection() =>
        MustEndAsync(Encoding.UTF8.GetBytes($$"""{"id":1,"result":{{new string('[', 65)}}"""), "depth of 64");

    [Fact]
    public Task A_message_that_is_too_long_ends_the_connection() =>
        MustEndAsync(Encoding.UTF8.GetBytes($$"""{"id":1,"result":"{{new string('x', 20_000)}}"""), "longer than the limit of 10000 bytes");

    [Theory]
    [InlineData("")]
    [InlineData("""{"id":1,"resu""")]
    [InlineData("""{"id":1,"result":[{},{}],"error":null""")]
    public Task An_incomplete_message_ends_the_connection(string text) =>
        MustEndAsync(Encoding.UTF8.GetBytes(text), "the server closed the connection", closes: true);

    [Theory]
    [InlineData("\"right\"", "5")]
    [InlineData("\"right\"", "true")]
    [InlineData("\"right\"", "[\"set\",[1,2]]")]
    [InlineData("\"right\"", "[\"map\",[]]")]
    [InlineData("\"right\"", "[\"named-uuid\",\"a\"]")]
    [InlineData("[\"map\",[[\"k\",\"v\"]]]", "\"k\"")]
    [InlineData("[\"map\",[[\"k\",\"v\"]]]", "[\"set\",[\"k\",\"v\"]]")]
    [InlineData("[\"map\",[[\"k\",\"v\"]]]", "[\"map\",[[\"k\",1]]]")]
    [InlineData("\"insert\"", "\"upsert\"")]
    [InlineData("{\"insert\":", "{\"insert\":5,\"x\":")]
    [InlineData("\"Logical_Switch\":{\"", "\"Logical_Switch\":{\"x")]
    [InlineData("{\"Logical_Switch\":", "5,{\"Logical_Switch\":")]
    public async Task An_update_that_violates_the_schema_is_not_applied_and_the_replica_is_loaded_again(string from, string to)
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        interceptor.ToClient = message =>
        {
            if (!message.Contains("update3", StringComparison.Ordinal))
            {
                return message;
            }

            interceptor.ToClient = message => message;
            Assert.Contains(from, message);
            return message.Replace(from, to, StringComparison.Ordinal);
        };
        var uuid = Guid.NewGuid();
        var insert = Op.Insert(Nb.Switch, Nb.Row(("name", "right"), ("external_ids", Nb.Marks(("k", "v")))), uuid);
        Assert.IsType<Unknown>(await client.TransactAsync([insert], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal((2, "right"), (client.Generation, client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString()));
        await client.MustAgreeAsync(server.Endpoint);
    }

    private static async Task MustEndAsync(byte[] answer, string reason, bool closes = false)
    {
        await using var server = new ForeignServer(answer, closes);
        await using var connection = await Nb.ConnectAsync(server.Endpoint, new OvsdbConnectionOptions { MaxMessageBytes = 10_000 });
        var transaction = connection.TransactAsync("any", [Op.Comment(""), Op.Comment("")], Ct);
        var echo = connection.EchoAsync(Ct);
        var unknown = Assert.IsType<Unknown>(await transaction.WaitAsync(Eventually.Deadline, Ct));
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => echo.WaitAsync(Eventually.Deadline, Ct));
        await connection.Completion.WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains(reason, connection.EndReason);
        Assert.Equal(connection.EndReason, unknown.Reason);
    }
}
