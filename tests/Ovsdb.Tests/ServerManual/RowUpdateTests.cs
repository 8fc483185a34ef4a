using CsCheck;

namespace Ovsdb.Tests;

/// <summary>
/// ovsdb-server(7) §4.1.14 &lt;row-update2&gt; in update2 and update3 (§4.1.16): a modify contains only changed columns, and for sets and
/// maps the differences. RFC 7047 §4.1.6 &lt;row-update&gt; of old servers: whole rows.
/// </summary>
public sealed class RowUpdateTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("update3")]
    [InlineData("update2")]
    [InlineData("update")]
    public async Task The_replica_of_randomly_changed_rows_of_every_type_matches_the_server(string method)
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var methods = new HashSet<string>();
        if (method != "update3")
        {
            interceptor.ToServer = message =>
                message.Replace(method == "update2" ? "\"monitor_cond_since" : "\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        }

        interceptor.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                methods.Add(message.Contains($"\"{method}\"", StringComparison.Ordinal) ? method : message);
            }

            return message;
        };
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        await using var connection = await allTypes.ConnectCheckedAsync();
        Gen.Select(AllTypesRow.Any, AllTypesRow.Any.Array[1, 3])
            .Sample(
                (first, next) => AgreeAsync(first, next).GetAwaiter().GetResult(),
                iter: 50,
                threads: 1,
                print: rows =>
                    $"{string.Join(", ", rows.Item1)} then {string.Join(" then ", rows.Item2.Select(row => string.Join(", ", row)))}"
            );
        Assert.Equal([method], methods);
        Assert.Equal(1, client.Generation);

        async Task<bool> AgreeAsync(Dictionary<string, OvsdbValue> first, Dictionary<string, OvsdbValue>[] next)
        {
            var uuid = (await client.CommitAsync(Op.Insert(AllTypesServer.Table, first)))[0].Uuid!.Value;
            foreach (var row in next)
            {
                await client.CommitAsync(Op.Update(AllTypesServer.Table, [Where.Uuid(uuid)], row));
                var expected = (
                    await connection.TransactAsync(AllTypesServer.Name, [Op.Select(AllTypesServer.Table, [Where.Uuid(uuid)])], Ct)
                )
                    .MustCommit()[0]
                    .Rows.Single();
                var actual = client.Snapshot.Find(AllTypesServer.Table, uuid)!;
                if (actual.Columns.Any(column => expected[column.Key] != column.Value))
                {
                    return false;
                }
            }
            return true;
        }
    }
}
