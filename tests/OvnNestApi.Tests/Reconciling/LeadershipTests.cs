using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using Ovsdb;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Only one of several processes writes to the NB, and a former leader never writes.</summary>
public sealed class LeadershipTests
{
    [Fact]
    public async Task A_leader_of_an_earlier_epoch_writes_nothing()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var former = await ConnectAsync(server);
        await using var present = await ConnectAsync(server);
        var installation = Guid.NewGuid();
        Assert.True((await former.ClaimAsync(installation, 1, default)).IsClaimed);
        Assert.IsType<Committed>((await former.TransactAsync([Switch("before")], counts: false, default)).Outcome);

        // A claim that is based on an outdated replica is rejected, and would be repeated.
        await Eventually.Holds("the new leader sees the write of the former one", () => present.Replica.SwitchesNamed("before").Count == 1);
        Assert.True((await present.ClaimAsync(installation, 2, default)).IsClaimed);

        await Assert.ThrowsAsync<FenceFallenException>(() => former.TransactAsync([Switch("after")], counts: false, default));
        Assert.IsType<Committed>((await present.TransactAsync([Switch("new")], counts: false, default)).Outcome);
        await Eventually.Holds("the former leader sees the write of the new leader", () =>
            former.IsSynced && former.Replica.SwitchesNamed("new").Count == 1
        );
        Assert.Equal(2, (await former.ClaimAsync(installation, 1, default)).NewerEpoch);
        Assert.Empty(former.Replica.SwitchesNamed("after"));
    }

    [Fact]
    public async Task An_installation_does_not_write_to_an_NB_whose_instance_name_another_installation_uses()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        await using (var other = await ReconciledInstallation.StartOnAsync(nest.Server))
        {
            await other.NetworkAsync("lan");
            await Eventually.Becomes("the error is shown", other.LeaderAsync, leader =>
                leader.NorthboundError?.StartsWith("InstanceTaken", StringComparison.Ordinal) == true
            );
            Assert.Null((await other.LeaderAsync()).NorthboundSeenAt);
            Assert.DoesNotContain("lan", await nest.NbctlAsync("ls-list"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_second_process_becomes_leader_when_the_first_one_stops()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        var epoch = (await nest.LeaderAsync()).Epoch;
        await nest.StartProcessAsync();
        await ReconciledInstallation.StopReconcilerAsync(nest.Api);

        await nest.ContainerAsync("c90", 90);
        await nest.SettledAsync();
        Assert.Equal(epoch + 1, (await nest.LeaderAsync()).Epoch);
        await nest.PortBecomesAsync("dmz-vm5-c90", "tag_request", "90");
    }

    [Fact]
    public async Task A_leader_that_was_replaced_stops_and_becomes_leader_again_when_the_other_is_silent()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        // As if this process had been suspended, and another process had become leader and exited.
        await nest.ExecuteAsync($"UPDATE leader SET holder = gen_random_uuid(), epoch = epoch + 5");
        var epoch = (await nest.LeaderAsync()).Epoch;
        await nest.ContainerAsync("c90", 90);
        await nest.SettledAsync();
        Assert.Equal(epoch + 1, (await nest.LeaderAsync()).Epoch);
    }

    [Fact]
    public async Task After_a_restore_of_the_database_epochs_that_the_NB_has_already_seen_are_skipped()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        await nest.StopReconcilerAsync();
        await nest.ExecuteAsync($"UPDATE leader SET epoch = 40");
        await nest.StartProcessAsync();
        await Eventually.Holds("the NB has epoch 41", async () =>
            (await nest.NbctlAsync("get", "NB_Global", ".", "external_ids")).Contains("/41", StringComparison.Ordinal)
        );
        await nest.StopReconcilerAsync();
        await nest.ExecuteAsync($"UPDATE leader SET epoch = 3");

        await nest.StartProcessAsync();
        await nest.ContainerAsync("c90", 90);
        await nest.SettledAsync();
        Assert.Equal(42, (await nest.LeaderAsync()).Epoch);
    }

    [Fact]
    public async Task A_leader_that_is_suspended_while_it_records_a_pass_does_not_prevent_a_takeover()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.StopReconcilerAsync();
        await using var database = NpgsqlDataSource.Create(nest.Database);
        var options = new ReconcilerOptions { TakeOverAfter = TimeSpan.FromSeconds(1) };
        var suspended = new Leadership(database, options);
        var term = await suspended.TakeOverAsync(default);
        Assert.NotNull(term);
        await using var db = new NestDb(NestDbRegistration.Options(nest.Database));
        await using var transaction = await db.Database.BeginTransactionAsync();
        await suspended.FinishAsync(db, term, new(false, 1, 1, 1), default);

        // The transaction stays open, and its lock with it.
        var other = new Leadership(database, options);
        await Eventually.Holds("the other leads", async () => await other.TakeOverAsync(default) is not null, TimeSpan.FromSeconds(15));
    }

    private static Op Switch(string name) => Op.Insert(Tables.Switch, new Dictionary<string, OvsdbValue> { ["name"] = name });

    private static async Task<NorthboundDb> ConnectAsync(OvsdbServer server)
    {
        var nb = new NorthboundDb(
            new() { Endpoints = server.Endpoint, Instance = "lab" },
            new OvnNestApi.Data.Signal(),
            TimeProvider.System
        );
        await Eventually.Holds("the copy is complete", () => nb.IsSynced);
        return nb;
    }
}
