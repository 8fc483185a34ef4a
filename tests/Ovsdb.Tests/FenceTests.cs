using TestServers;

namespace Ovsdb.Tests;

/// <summary>What keeps a writer out whose time is over, in a cluster: not the lock, not the leadership, but a <c>wait</c> on who may write.</summary>
public sealed class FenceTests
{
    private const string Global = "NB_Global";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait(Soak.Trait, "ovsdb")]
    public async Task A_wait_on_an_epoch_keeps_every_stale_writer_out()
    {
        await using var cluster = await RaftCluster.StartNewAsync();
        await using (var first = await Nb.ConnectAsync((await cluster.LeaderAsync()).Endpoint))
        {
            (await first.TransactAsync(Nb.Name, [Op.Insert(Global, Nb.Row(("external_ids", Nb.Marks(("epoch", "0")))))], Ct)).MustCommit();
        }

        var rounds = Soak.Size("ovsdb", 1, 20);
        var epoch = 0;
        for (var round = 0; round < rounds; round++)
        {
            await DeposedLeaderAsync(cluster, epoch++);
            await StoppedAsync(cluster, await cluster.LeaderAsync(), epoch++);
            var leader = await cluster.LeaderAsync();
            await StoppedAsync(cluster, cluster.Members.First(member => member != leader), epoch++);
        }
        await using var reader = await Nb.ConnectAsync((await cluster.LeaderAsync()).Endpoint);
        var rows = (await reader.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [])], Ct)).MustCommit()[0].Rows;
        Assert.Equal(epoch, rows.Count);
        Assert.All(rows, row => Assert.Equal("present", row["name"].AsString()));
    }

    /// <summary>The connection lives and the former leader takes its writes, for it hands them to the next one.</summary>
    private static async Task DeposedLeaderAsync(RaftCluster cluster, int epoch)
    {
        await using var stale = await Nb.ConnectAsync((await cluster.LeaderAsync()).Endpoint);
        var next = await cluster.TransferLeadershipAsync();
        await ClaimAsync(next, epoch);
        var outcome = Assert.IsType<Rejected>(
            await stale.TransactAsync(Nb.Name, [Fence(epoch), Nb.NewSwitch(Guid.NewGuid(), "stale")], Ct)
        );
        Assert.Equal((OvsdbError.TimedOut, 0), (outcome.Error.Error, outcome.OpIndex));
        var unfenced = Guid.NewGuid();
        (await stale.TransactAsync(Nb.Name, [Nb.NewSwitch(unfenced, "stale")], Ct)).MustCommit();
        (await stale.TransactAsync(Nb.Name, [Op.Delete(Nb.Switch, [Where.Uuid(unfenced)])], Ct)).MustCommit();
    }

    /// <summary>What was sent while the member stood still reaches it when it goes on.</summary>
    private static async Task StoppedAsync(RaftCluster cluster, RaftMember member, int epoch)
    {
        await using var stale = await Nb.ConnectAsync(
            member.Endpoint,
            new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMinutes(5) }
        );
        await stale.EchoAsync(Ct);
        member.Pause();
        var late = stale.TransactAsync(Nb.Name, [Fence(epoch), Nb.NewSwitch(Guid.NewGuid(), "stale")], Ct);
        await ClaimAsync(await cluster.LeaderAsync(), epoch);
        member.Continue();
        Assert.IsNotType<Committed>(await late);
        await cluster.HealAsync();
    }

    /// <summary>The next epoch begins, and its writer writes.</summary>
    private static async Task ClaimAsync(RaftMember leader, int former)
    {
        await using var connection = await Nb.ConnectAsync(leader.Endpoint);
        Op[] claim =
        [
            Fence(former),
            Op.Mutate(
                Global,
                [],
                Mutation.Delete("external_ids", Nb.Marks(("epoch", $"{former}"))),
                Mutation.Insert("external_ids", Nb.Marks(("epoch", $"{former + 1}")))
            ),
            Nb.NewSwitch(Guid.NewGuid(), "present"),
        ];
        (await connection.TransactAsync(Nb.Name, claim, Ct)).MustCommit();
    }

    /// <summary>Holds as long as this epoch lasts.</summary>
    private static Op Fence(int epoch) =>
        Op.Wait(Global, [Where.Includes("external_ids", Nb.Marks(("epoch", $"{epoch}")))], ["_uuid"], "!=", []);
}
