using TestServers;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.7.</summary>
public sealed class MonitorCancelTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_monitor_of_the_former_copy_is_ended_and_heard_no_more()
    {
        await using var between = new Interceptor(every.Server);
        var (cancelled, updates) = (new List<string>(), new List<string>());
        between.ToServer = Noting("monitor_cancel", cancelled);
        between.ToClient = Noting("\"update3\"", updates);
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        await client.ReplaceMonitorAsync([new MonitoredTable(Every.Table, ["integer"])], Ct);
        await Eventually.Holds("the former is ended", () => cancelled.Count == 1);
        await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("integer", 5), ("string", "not asked for"))));
        Assert.Equal(5, Assert.Single(client.Snapshot.Table(Every.Table).Values)["integer"].AsInteger());
        Assert.DoesNotContain("not asked for", Assert.Single(updates));

        static Func<string, string?> Noting(string word, List<string> messages) =>
            message =>
            {
                if (message.Contains(word, StringComparison.Ordinal))
                {
                    messages.Add(message);
                }

                return message;
            };
    }
}
