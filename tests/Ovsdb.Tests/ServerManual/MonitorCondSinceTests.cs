using System.Text.RegularExpressions;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// ovsdb-server(7) §4.1.15 monitor_cond_since and §4.1.16 update3. Only a clustered database keeps a history to resume from.
/// </summary>
public sealed partial class MonitorCondSinceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_lost_link_a_clustered_server_sends_the_missed_changes_and_a_standalone_server_everything(bool clustered)
    {
        await using var server = await OvsdbServer.StartNewAsync(AllTypesServer.Schema, clustered: clustered);
        await using var interceptor = new Interceptor(server);
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("string", "before"))));
        await BreakLinkAsync(interceptor, client);
        await using (var other = await Nb.ConnectAsync(server.Endpoint))
        {
            (
                await other.TransactAsync(AllTypesServer.Name, [Op.Insert(AllTypesServer.Table, Nb.Row(("string", "meanwhile")))], Ct)
            ).MustCommit();
        }

        var contents = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        interceptor.ToClient = message =>
        {
            if (Contents().IsMatch(message))
            {
                contents.TrySetResult(message);
            }

            return message;
        };
        await client.SyncedAsync(Ct);
        var sent = await contents.Task.WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains("meanwhile", sent);
        Assert.Equal(!clustered, sent.Contains("before", StringComparison.Ordinal));
        Assert.Equal(clustered ? 1 : 2, client.Generation);
        Assert.Equal(["before", "meanwhile"], client.Snapshot.IndexKeys(AllTypesRow.ByString.Name).Order());
    }

    [Fact]
    public async Task A_server_sends_everything_if_it_does_not_know_the_last_transaction()
    {
        await using var server = await OvsdbServer.StartNewAsync(AllTypesServer.Schema, clustered: true);
        await using var interceptor = new Interceptor(server);
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("string", "a"))));
        interceptor.ToServer = message =>
            message.Contains("monitor_cond_since", StringComparison.Ordinal)
                ? LastId().Replace(message, $"\"{Guid.NewGuid()}\"]")
                : message;
        await BreakLinkAsync(interceptor, client);
        interceptor.ToClient = message => message;
        await client.SyncedAsync(Ct);
        Assert.Equal(2, client.Generation);
        Assert.Single(client.Snapshot.Table(AllTypesServer.Table));
    }

    [Fact]
    public async Task A_reconnecting_client_resumes_from_the_transaction_of_its_last_update()
    {
        await using var server = await OvsdbServer.StartNewAsync(AllTypesServer.Schema, clustered: true);
        await using var interceptor = new Interceptor(server);
        var (reported, requested) = (new List<string>(), new List<string>());
        interceptor.ToServer = message => Record(message, "\"monitor_cond_since\",\"params\":[\"Every\"", LastId(), requested);
        interceptor.ToClient = message => Record(message, "\"update3\"", UpdateId(), reported);
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        for (var i = 0; i < 3; i++)
        {
            await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("integer", i))));
        }

        await BreakLinkAsync(interceptor, client);
        interceptor.ToClient = message => message;
        await client.SyncedAsync(Ct);
        Assert.Equal(3, reported.Distinct().Count());
        Assert.Equal([Guid.Empty.ToString(), reported[^1]], requested);

        static string Record(string message, string call, Regex id, List<string> ids)
        {
            if (message.Contains(call, StringComparison.Ordinal))
            {
                ids.Add(id.Match(message).Groups[1].Value);
            }

            return message;
        }
    }

    /// <summary>Breaks the link, and prevents a new one until the test sets <see cref="Interceptor.ToClient"/>.</summary>
    private static async Task BreakLinkAsync(Interceptor interceptor, OvsdbClient client)
    {
        interceptor.ToClient = _ => null;
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.EchoAsync(Ct));
        await Eventually.Holds("the client has noticed the loss", () => client.State == OvsdbClientState.Stale);
    }

    [GeneratedRegex("\"result\":\\[(true|false),")]
    private static partial Regex Contents();

    [GeneratedRegex("\"([0-9a-f-]{36})\"\\]")]
    private static partial Regex LastId();

    [GeneratedRegex("\"params\":\\[\"[^\"]*\",\"([0-9a-f-]{36})\"")]
    private static partial Regex UpdateId();
}
