using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.7.</summary>
public sealed class MonitorCancelTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replacing_a_monitor_ends_the_old_one_and_ignores_its_updates()
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var (cancelled, updates) = (new List<string>(), new List<string>());
        interceptor.ToServer = Noting("monitor_cancel", cancelled);
        interceptor.ToClient = Noting("\"update3\"", updates);
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        await client.ReplaceMonitorAsync([new MonitoredTable(AllTypesServer.Table, ["integer"])], Ct);
        await Eventually.Holds("the old monitor is cancelled", () => cancelled.Count == 1);
        await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("integer", 5), ("string", "not requested"))));
        Assert.Equal(5, Assert.Single(client.Snapshot.Table(AllTypesServer.Table).Values)["integer"].AsInteger());
        Assert.DoesNotContain("not requested", Assert.Single(updates));

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
