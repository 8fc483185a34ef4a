using System.Text.RegularExpressions;
using TestServers;

namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §4.1.15 monitor_cond_since and §4.1.16 update3. Only a clustered database keeps a history to resume from.</summary>
public sealed partial class MonitorCondSinceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_lost_link_a_clustered_database_sends_what_was_missed_and_a_standalone_one_everything(bool clustered)
    {
        await using var server = await OvsdbServer.StartNewAsync(Every.Schema, clustered: clustered);
        await using var between = new Interceptor(server);
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("string", "before"))));
        await CutAsync(between, client);
        await using (var other = await Nb.ConnectAsync(server.Endpoint))
        {
            (await other.TransactAsync(Every.Name, [Op.Insert(Every.Table, Nb.Row(("string", "meanwhile")))], Ct)).MustCommit();
        }

        var contents = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        between.ToClient = message =>
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
        Assert.Equal(["before", "meanwhile"], client.Snapshot.IndexKeys(EveryRow.ByString.Name).Order());
    }

    [Fact]
    public async Task An_id_that_the_server_does_not_know_gets_everything()
    {
        await using var server = await OvsdbServer.StartNewAsync(Every.Schema, clustered: true);
        await using var between = new Interceptor(server);
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("string", "a"))));
        between.ToServer = message =>
            message.Contains("monitor_cond_since", StringComparison.Ordinal)
                ? LastId().Replace(message, $"\"{Guid.NewGuid()}\"]")
                : message;
        await CutAsync(between, client);
        between.ToClient = message => message;
        await client.SyncedAsync(Ct);
        Assert.Equal(2, client.Generation);
        Assert.Single(client.Snapshot.Table(Every.Table));
    }

    [Fact]
    public async Task Each_update_names_the_transaction_that_the_next_connection_asks_from()
    {
        await using var server = await OvsdbServer.StartNewAsync(Every.Schema, clustered: true);
        await using var between = new Interceptor(server);
        var (told, asked) = (new List<string>(), new List<string>());
        between.ToServer = message => Note(message, "\"monitor_cond_since\",\"params\":[\"Every\"", LastId(), asked);
        between.ToClient = message => Note(message, "\"update3\"", UpdateId(), told);
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        for (var i = 0; i < 3; i++)
        {
            await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("integer", i))));
        }

        await CutAsync(between, client);
        between.ToClient = message => message;
        await client.SyncedAsync(Ct);
        Assert.Equal(3, told.Distinct().Count());
        Assert.Equal([Guid.Empty.ToString(), told[^1]], asked);

        static string Note(string message, string call, Regex id, List<string> ids)
        {
            if (message.Contains(call, StringComparison.Ordinal))
            {
                ids.Add(id.Match(message).Groups[1].Value);
            }

            return message;
        }
    }

    /// <summary>Cuts the link; until <see cref="Interceptor.ToClient"/> is set anew no other comes about.</summary>
    private static async Task CutAsync(Interceptor between, OvsdbClient client)
    {
        between.ToClient = _ => null;
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.EchoAsync(Ct));
        await Eventually.Holds("the client knows", () => client.State == OvsdbClientState.Stale);
    }

    [GeneratedRegex("\"result\":\\[(true|false),")]
    private static partial Regex Contents();

    [GeneratedRegex("\"([0-9a-f-]{36})\"\\]")]
    private static partial Regex LastId();

    [GeneratedRegex("\"params\":\\[\"[^\"]*\",\"([0-9a-f-]{36})\"")]
    private static partial Regex UpdateId();
}
