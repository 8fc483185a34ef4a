using OvnNestApi.Northbound;
using OvnNestApi.Tests.Harness;
using Ovsdb;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Of several processes one writes, and a deposed one never does.</summary>
public sealed class LeadershipTests
{
    [Fact]
    public async Task A_leader_whose_epoch_is_past_writes_nothing()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var former = await ConnectAsync(server);
        await using var present = await ConnectAsync(server);
        var installation = Guid.NewGuid();
        Assert.True((await former.ClaimAsync(installation, 1, default)).IsClaimed);
        Assert.IsType<Committed>((await former.TransactAsync([Switch("before")], counts: false, default)).Outcome);

        Assert.True((await present.ClaimAsync(installation, 2, default)).IsClaimed);

        await Assert.ThrowsAsync<FenceFallenException>(() => former.TransactAsync([Switch("after")], counts: false, default));
        Assert.IsType<Committed>((await present.TransactAsync([Switch("new")], counts: false, default)).Outcome);
        await Eventually.Holds("the former sees who leads", () => former.IsSynced && former.Replica.SwitchesNamed("new").Count == 1);
        Assert.Equal(2, (await former.ClaimAsync(installation, 1, default)).NewerEpoch);
        Assert.Empty(former.Replica.SwitchesNamed("after"));
    }

    [Fact]
    public async Task Another_installation_of_the_same_name_is_refused_and_said_so()
    {
        await using var cloud = await Cloud.StartAsync();
        await cloud.LabAsync();
        await using (var other = await Cloud.StartOnAsync(cloud.Server))
        {
            await other.DirtyAsync(await other.Nest.NetworkAsync("lan"));
            await Eventually.Becomes("it is said", other.LeaderAsync, leader =>
                leader.NorthboundError?.StartsWith("InstanceTaken", StringComparison.Ordinal) == true
            );
            Assert.Null((await other.LeaderAsync()).NorthboundSeenAt);
            Assert.DoesNotContain("lan", await cloud.NbctlAsync("ls-list"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_second_process_takes_over_at_once_when_the_first_ends()
    {
        await using var cloud = await Cloud.StartAsync();
        var (_, vm, _) = await cloud.LabAsync();
        var epoch = (await cloud.LeaderAsync()).Epoch;
        await cloud.ReconcileAsync();
        await Cloud.Reconciler(cloud.First).StopAsync(default);

        await cloud.Nest.ContainerAsync(vm, "c90", 90);
        await cloud.SettledAsync();
        Assert.Equal(epoch + 1, (await cloud.LeaderAsync()).Epoch);
        await cloud.PortBecomesAsync("dmz-vm5-c90", "tag_request", "90");
    }

    [Fact]
    public async Task A_leader_that_lost_its_row_stops_and_leads_again_when_the_other_is_silent()
    {
        await using var cloud = await Cloud.StartAsync();
        var (_, vm, _) = await cloud.LabAsync();
        // As if this process had been stopped for a while, and another had led and died.
        await cloud.ExecuteAsync($"UPDATE leader SET holder = gen_random_uuid(), epoch = epoch + 5");
        var epoch = (await cloud.LeaderAsync()).Epoch;
        await cloud.Nest.ContainerAsync(vm, "c90", 90);
        await cloud.SettledAsync();
        Assert.Equal(epoch + 1, (await cloud.LeaderAsync()).Epoch);
    }

    [Fact]
    public async Task An_epoch_that_a_restored_database_has_forgotten_is_skipped()
    {
        await using var cloud = await Cloud.StartAsync();
        var (_, vm, _) = await cloud.LabAsync();
        await Cloud.Reconciler(cloud.First).StopAsync(default);
        await cloud.ExecuteAsync($"UPDATE leader SET epoch = 40");
        await cloud.ReconcileAsync();
        await Eventually.Holds("the NB has epoch 41", async () =>
            (await cloud.NbctlAsync("get", "NB_Global", ".", "external_ids")).Contains("/41", StringComparison.Ordinal)
        );
        await Cloud.Reconciler(cloud.Last).StopAsync(default);
        await cloud.ExecuteAsync($"UPDATE leader SET epoch = 3");

        await cloud.ReconcileAsync();
        await cloud.Nest.ContainerAsync(vm, "c90", 90);
        await cloud.SettledAsync();
        Assert.Equal(42, (await cloud.LeaderAsync()).Epoch);
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
