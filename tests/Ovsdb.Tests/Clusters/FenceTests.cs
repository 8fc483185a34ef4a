using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// A guard against outdated writers in a cluster: a <c>wait</c> on the row that names the current writer. Locks and leadership do not
/// prevent such writes.
/// </summary>
public sealed class FenceTests
{
    private const string Global = "NB_Global";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait(Soak.Trait, "ovsdb")]
    public async Task A_wait_on_an_epoch_rejects_every_outdated_writer()
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
            await WriteThroughFormerLeaderAsync(cluster, epoch++);
            await WriteThroughStoppedMemberAsync(cluster, await cluster.LeaderAsync(), epoch++);
            var leader = await cluster.LeaderAsync();
            await WriteThroughStoppedMemberAsync(cluster, cluster.Members.First(member => member != leader), epoch++);
        }
        await using var reader = await Nb.ConnectAsync((await cluster.LeaderAsync()).Endpoint);
        var rows = (await reader.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [])], Ct)).MustCommit()[0].Rows;
        Assert.Equal(epoch, rows.Count);
        Assert.All(rows, row => Assert.Equal("present", row["name"].AsString()));
    }

    /// <summary>A writer stays connected to a former leader, which forwards its writes to the new leader.</summary>
    private static async Task WriteThroughFormerLeaderAsync(RaftCluster cluster, int epoch)
    {
        await using var stale = await Nb.ConnectAsync((await cluster.LeaderAsync()).Endpoint);
        var next = await cluster.TransferLeadershipAsync();
        await StartNextEpochAsync(next, epoch);
        var outcome = Assert.IsType<Rejected>(
            await stale.TransactAsync(Nb.Name, [Fence(epoch), Nb.NewSwitch(Guid.NewGuid(), "stale")], Ct)
        );
        Assert.Equal((OvsdbError.TimedOut, 0), (outcome.Error.Error, outcome.OpIndex));
        var unfenced = Guid.NewGuid();
        (await stale.TransactAsync(Nb.Name, [Nb.NewSwitch(unfenced, "stale")], Ct)).MustCommit();
        (await stale.TransactAsync(Nb.Name, [Op.Delete(Nb.Switch, [Where.Uuid(unfenced)])], Ct)).MustCommit();
    }

    /// <summary>A member receives, when it continues, what a writer sent while the member was stopped.</summary>
    private static async Task WriteThroughStoppedMemberAsync(RaftCluster cluster, RaftMember member, int epoch)
    {
        await using var stale = await Nb.ConnectAsync(
            member.Endpoint,
            new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMinutes(5) }
        );
        await stale.EchoAsync(Ct);
        member.Pause();
        var late = stale.TransactAsync(Nb.Name, [Fence(epoch), Nb.NewSwitch(Guid.NewGuid(), "stale")], Ct);
        await StartNextEpochAsync(await cluster.LeaderAsync(), epoch);
        member.Continue();
        Assert.IsNotType<Committed>(await late);
        await cluster.HealAsync();
    }

    /// <summary>Starts the next epoch, and writes as its writer.</summary>
    private static async Task StartNextEpochAsync(RaftMember leader, int former)
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

    /// <summary>Returns a guard that fails if the epoch has ended.</summary>
    private static Op Fence(int epoch) =>
        Op.Wait(Global, [Where.Includes("external_ids", Nb.Marks(("epoch", $"{epoch}")))], ["_uuid"], "!=", []);
}
