using CsCheck;

namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §4.1.14 &lt;row-update2&gt;, in update2 and in update3 (§4.1.16): what a modify leaves out stays, and of sets and maps it tells the difference.
/// And RFC 7047 §4.1.6 &lt;row-update&gt; of old servers, which tells whole rows.</summary>
public sealed class RowUpdateTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("update3")]
    [InlineData("update2")]
    [InlineData("update")]
    public async Task A_row_of_every_type_changed_at_random_is_in_the_copy_as_in_the_server(string method)
    {
        await using var between = new Interceptor(every.Server);
        var methods = new HashSet<string>();
        if (method != "update3")
        {
            between.ToServer = message =>
                message.Replace(method == "update2" ? "\"monitor_cond_since" : "\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        }

        between.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                methods.Add(message.Contains($"\"{method}\"", StringComparison.Ordinal) ? method : message);
            }

            return message;
        };
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        await using var connection = await every.ConnectCheckedAsync();
        Gen.Select(EveryRow.Any, EveryRow.Any.Array[1, 3])
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
            var uuid = (await client.CommitAsync(Op.Insert(Every.Table, first)))[0].Uuid!.Value;
            foreach (var row in next)
            {
                await client.CommitAsync(Op.Update(Every.Table, [Where.Uuid(uuid)], row));
                var there = (await connection.TransactAsync(Every.Name, [Op.Select(Every.Table, [Where.Uuid(uuid)])], Ct))
                    .MustCommit()[0]
                    .Rows.Single();
                var here = client.Snapshot.Find(Every.Table, uuid)!;
                if (here.Columns.Any(column => there[column.Key] != column.Value))
                {
                    return false;
                }
            }
            return true;
        }
    }
}
