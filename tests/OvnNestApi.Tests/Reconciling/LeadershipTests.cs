using System.Net.Http.Json;
using System.Net.Sockets;
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
        Assert.True((await former.ClaimAsync(installation, 1, takesFrom: null, default)).IsClaimed);
        Assert.IsType<Committed>((await former.TransactAsync([Switch("before")], counts: false, default)).Outcome);

        // A claim that is based on an outdated replica is rejected, and would be repeated.
        await Eventually.Holds("the new leader sees the write of the former one", () => present.Replica.SwitchesNamed("before").Count == 1);
        Assert.True((await present.ClaimAsync(installation, 2, takesFrom: null, default)).IsClaimed);

        await Assert.ThrowsAsync<FenceFallenException>(() => former.TransactAsync([Switch("after")], counts: false, default));
        Assert.IsType<Committed>((await present.TransactAsync([Switch("new")], counts: false, default)).Outcome);
        await Eventually.Holds("the former leader sees the write of the new leader", () =>
            former.IsSynced && former.Replica.SwitchesNamed("new").Count == 1
        );
        Assert.Equal(2, (await former.ClaimAsync(installation, 1, takesFrom: null, default)).NewerEpoch);
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
    public async Task An_admin_takes_the_instance_from_the_installation_that_has_it_once_and_from_no_other()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        await using var other = await ReconciledInstallation.StartOnAsync(nest.Server);
        await other.NetworkAsync("lan");
        await Eventually.Holds("the instance is taken", () => IsTakenAsync(other));

        var (holder, wrong) = ((await nest.LeaderAsync()).Installation, Guid.NewGuid());
        (await other.Api.PutAsync("/v1/reconciler", """{"spec":{"takeInstanceFrom":"nest"}}""")).IsProblem("validation-failed");
        await TakeAsync(other, wrong);
        var refused = await Eventually.Becomes("the error names both", other.LeaderAsync, leader =>
            leader.NorthboundError?.EndsWith($"takeInstanceFrom is {wrong}.", StringComparison.Ordinal) == true
        );
        Assert.Contains($"{holder}/", refused.NorthboundError, StringComparison.Ordinal);
        Assert.Equal(wrong, refused.TakesInstanceFrom);
        Assert.DoesNotContain("lan", await nest.NbctlAsync("ls-list"), StringComparison.Ordinal);
        await nest.NetworkAsync("first", "{}");
        await nest.SettledAsync();

        await TakeAsync(other, holder);
        await Eventually.Holds("the network is in the NB", async () =>
            (await nest.NbctlAsync("ls-list")).Contains("lan", StringComparison.Ordinal)
        );
        await Eventually.Becomes("the claim has ended", other.LeaderAsync, leader =>
            leader is { TakesInstanceFrom: null, NorthboundError: null }
        );
        await Eventually.Holds("the first installation has lost the instance", () => IsTakenAsync(nest));
        await nest.NetworkAsync("late", "{}");
        await other.NetworkAsync("second", "{}");
        await other.SettledAsync();
        Assert.DoesNotContain("late", await nest.NbctlAsync("ls-list"), StringComparison.Ordinal);

        // Taken back: the former claim of the other installation has no effect.
        await TakeAsync(nest, (await other.LeaderAsync()).Installation);
        await nest.SettledAsync();
        await Eventually.Holds("the other installation has lost the instance", () => IsTakenAsync(other));
        Assert.Contains("late", await nest.NbctlAsync("ls-list"), StringComparison.Ordinal);

        static async Task<bool> IsTakenAsync(ReconciledInstallation nest) =>
            (await nest.LeaderAsync()).NorthboundError?.StartsWith("InstanceTaken", StringComparison.Ordinal) == true;

        static async Task TakeAsync(ReconciledInstallation nest, Guid from) =>
            (await nest.Api.PutAsync("/v1/reconciler", $$"""{"spec":{"takeInstanceFrom":"{{from}}"} }""")).IsSuccess();
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
        var term = await suspended.TakeOverAsync(reachesNorthbound: false, default);
        Assert.NotNull(term);
        await using var db = new NestDb(NestDbRegistration.Options(nest.Database));
        await using var transaction = await db.Database.BeginTransactionAsync();
        await suspended.FinishAsync(db, term, new(false, 1, 1, 1), brake: null, usedRelease: null, default);

        // The transaction stays open, and its lock with it.
        var other = new Leadership(database, options);
        await Eventually.Holds(
            "the other leads",
            async () => await other.TakeOverAsync(reachesNorthbound: false, default) is not null,
            TimeSpan.FromSeconds(15)
        );
    }

    [Fact]
    public async Task A_leader_that_is_cut_off_from_the_NB_gives_up_only_when_another_process_reaches_it()
    {
        await using var northbound = await OvsdbServer.StartNewAsync();
        await using var network = new Relay(new UnixDomainSocketEndPoint(northbound.Socket));
        await using var otherNetwork = new Relay(new UnixDomainSocketEndPoint(northbound.Socket));
        var options = new NestServerOptions
        {
            Database = await TestDatabase.CreateAsync(),
            Northbound = $"tcp:127.0.0.1:{network.Port}",
            Settings = new Dictionary<string, string>
            {
                ["Reconciler__Heartbeat"] = "00:00:00.5",
                ["Reconciler__TakeOverAfter"] = "00:00:02",
            },
        };
        await using var leader = await NestServer.StartAsync(options);
        await using var other = await NestServer.StartAsync(options with { Northbound = $"tcp:127.0.0.1:{otherNetwork.Port}" });
        await using var database = NpgsqlDataSource.Create(options.Database);

        network.Cut();
        otherNetwork.Cut();
        await Eventually.Holds("the leader has lost the NB long enough", () =>
            IsAsync("northbound_lost_at < now() - interval '4 seconds'")
        );
        Assert.True(await IsAsync("epoch = 1"), "A process that does not reach the NB either has become the leader.");

        otherNetwork.Join();
        await Eventually.Holds("the other process leads and reaches the NB", () =>
            IsAsync("epoch = 2 AND northbound_lost_at IS NULL AND northbound_seen_at > now() - interval '2 seconds'")
        );
        network.Join();
        (await other.Client.PutAsJsonAsync(new Uri("v1/networks/lan", UriKind.Relative), new { spec = new { } })).EnsureSuccessStatusCode();
        await Eventually.Holds("the network is in the NB", async () =>
            (await ChildProcess.RunAsync("ovn-nbctl", [$"--db={northbound.Endpoint}", "ls-list"])).Contains("lan", StringComparison.Ordinal)
        );
        Assert.True(await IsAsync("epoch = 2"), "The leadership changed again.");

        async Task<bool> IsAsync(string condition)
        {
            await using var command = database.CreateCommand($"SELECT {condition} FROM leader");
            return await command.ExecuteScalarAsync() is true;
        }
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
