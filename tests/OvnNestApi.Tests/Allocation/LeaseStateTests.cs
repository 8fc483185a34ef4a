using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using OvnNestApi.Contracts;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Allocation;

/// <summary>What the API shows about a tag in each state, and about its former holders.</summary>
public sealed class LeaseStateTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    [Fact]
    public async Task Lease_list_and_map_show_which_confirmations_a_draining_tag_waits_for()
    {
        var key = await api.EnrolledAsync("t1");
        await VmAsync("w1", "t1");
        await api.PutAsync("/v1/vms/w1/containers/c51", """{"vlan":51}""");
        var (work, vm) = await WorkAsync("t1", key);
        await ReportAsync(work, nbCfg: 6, tags: [51]);
        Assert.Empty(await WaitingForAsync());
        await api.SendOkAsync(HttpMethod.Delete, "/v1/vms/w1/containers/c51");
        var first = await Eventually.Becomes("the contact of the agent is recorded", WaitingForAsync, waiting =>
            !waiting[^1].Contains("contacted", StringComparison.Ordinal)
        );
        Assert.Equal(
            [
                "the northbound database, which has not been reached yet",
                "host t1, whose agent has not applied the work without the tag yet",
            ],
            first
        );

        (work, _) = await WorkAsync("t1", key);
        await ReportAsync(work, nbCfg: 6, tags: [51]);
        Assert.Equal("host t1, which still has a port with the tag on the VM's bridge", (await WaitingForAsync())[1]);
        await ReportAsync(work, nbCfg: 6, tags: []);
        Assert.Equal("host t1, whose flows are updated after the northbound database", (await WaitingForAsync())[1]);
        await SqlAsync("UPDATE vlan_leases SET drain_nb_cfg = 7 WHERE tag = 51 AND vm_id = (SELECT id FROM vms WHERE name = 'w1')");
        Assert.Equal(
            ["host t1, whose flows have reached ovn-nb-cfg 6, not 7 yet; check that its ovn-controller runs"],
            await WaitingForAsync()
        );

        // The agent sends nothing any more.
        var silent = await Eventually.Becomes("the host is silent", WaitingForAsync, waiting =>
            waiting is [var one] && one.Contains("contacted", StringComparison.Ordinal)
        );
        Assert.Matches("^host t1, whose agent has not contacted the API since 20[0-9T:-]+Z$", silent[0]);

        await ReportAsync(work, nbCfg: 7, tags: []);
        var cooling = await StatusAsync();
        Assert.Equal(("cooling", "c51"), ((string)cooling["state"]!, (string)cooling["container"]!));
        Assert.StartsWith("the cool-down, until 20", (string)cooling["waitingFor"]![0]!, StringComparison.Ordinal);
        await Eventually.Holds("the tag is free", async () =>
            (await api.SendAsync(HttpMethod.Get, "/v1/vms/w1/vlan-leases/51")).Status == HttpStatusCode.NotFound
        );

        async Task ReportAsync(HostWork about, long nbCfg, int[] tags)
        {
            var report = new HostReport(
                about.Cursor,
                "t1",
                nbCfg,
                [],
                [new(vm, "br-w1", tags, true)],
                [.. about.Remove.Select(r => r.Id)],
                []
            );
            Assert.Equal(
                HttpStatusCode.NoContent,
                (
                    await api.SendAsync(HttpMethod.Put, "/v1/hosts/t1/report", JsonSerializer.Serialize(report, ContractJson.Options), key)
                ).Status
            );
        }

        async Task<JsonNode> StatusAsync() => (await api.SendOkAsync(HttpMethod.Get, "/v1/vms/w1/vlan-leases/51")).Body!["status"]!;

        async Task<string[]> WaitingForAsync()
        {
            var (_, list, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/w1/vlan-leases");
            var (_, map, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/w1/vlan-map");
            string[][] shown = [Waiting(await StatusAsync()), Waiting(list!["items"]![0]!["status"]!), Waiting(map!["tags"]![0]!)];
            return shown.All(one => one.SequenceEqual(shown[0]))
                ? shown[0]
                : throw new InvalidOperationException("Lease, list and map differ because they were read at different times.");
        }

        static string[] Waiting(JsonNode of) => [.. of["waitingFor"]!.AsArray().Select(one => (string)one!)];
    }

    [Fact]
    public async Task A_host_that_has_only_the_release_of_a_tag_to_confirm_is_deleted_only_by_force()
    {
        var key = await api.EnrolledAsync("t2");
        await VmAsync("w2", "t2");
        await api.PutAsync("/v1/vms/w2/containers/c51", """{"vlan":51}""");
        await VmAsync("w2");
        var (_, body, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/hosts/t2/work", key: key);
        var work = body.Deserialize<HostWork>(ContractJson.Options)!;
        var vm = work.Remove.Single(r => r.Kind == RemovalKind.Vm).Id;
        var report = new HostReport(work.Cursor, "t2", 1, [], [new(vm, "br-w2", [], true)], [.. work.Remove.Select(r => r.Id)], []);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Put, "/v1/hosts/t2/report", JsonSerializer.Serialize(report, ContractJson.Options), key)).Status
        );

        var (status, problem, _) = await api.SendAsync(HttpMethod.Delete, "/v1/hosts/t2");
        Assert.Equal((HttpStatusCode.Conflict, "in-use"), (status, (string)problem!["code"]!));
        await Eventually.Holds("the host is silent", async () =>
            (string?)(await api.SendOkAsync(HttpMethod.Get, "/v1/hosts/t2")).Body!["status"]!["reason"] == "HostSilent"
        );
        Assert.Equal(HttpStatusCode.Accepted, (await api.SendAsync(HttpMethod.Delete, "/v1/hosts/t2?force=true")).Status);
        await Eventually.Holds("the host is gone", async () =>
            (await api.SendAsync(HttpMethod.Get, "/v1/hosts/t2")).Status == HttpStatusCode.NotFound
        );
    }

    [Fact]
    public async Task The_history_shows_who_had_a_tag_at_a_time_even_if_the_VM_is_gone_and_another_one_has_its_name()
    {
        await VmAsync("h1");
        await api.PutAsync("/v1/vms/h1/vlan-leases/51", """{"owner":"web"}""");
        var reserved = await NowAsync();
        await api.PutAsync("/v1/vms/h1/containers/c51", """{"lease":"web"}""");
        var bound = await NowAsync();
        var former = await GoneAsync("h1");
        var between = await NowAsync();
        await VmAsync("h1");
        await api.PutAsync("/v1/vms/h1/containers/c99", """{"vlan":51}""");

        Assert.Empty(await AtAsync("2020-01-01T00:00:00Z"));
        Assert.Equal([(former, null, "web")], await AtAsync(reserved));
        Assert.Equal([(former, "c51", "web")], await AtAsync(bound));
        Assert.Empty(await AtAsync(between));
        var present = (string)(await api.SendOkAsync(HttpMethod.Get, "/v1/vms/h1")).Body!["metadata"]!["id"]!;
        Assert.Equal([(present, "c99", null)], await AtAsync(await NowAsync()));
        Assert.Equal([present, former, former], (await HistoryAsync("tag=51")).Select(tenure => tenure.Vm));

        await GoneAsync("h1");
        Assert.Equal(3, (await HistoryAsync("tag=51")).Count);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.SendAsync(HttpMethod.Get, "/v1/vms/h1/vlan-history?at=yesterday")).Status);

        Task<List<(string Vm, string? Container, string? Owner)>> AtAsync(string time) => HistoryAsync($"tag=51&at={time}");

        async Task<List<(string Vm, string? Container, string? Owner)>> HistoryAsync(string query)
        {
            var (status, body, _) = await api.SendAsync(HttpMethod.Get, $"/v1/vms/h1/vlan-history?{query}");
            Assert.Equal(HttpStatusCode.OK, status);
            return [.. body!["items"]!.AsArray().Select(one => ((string)one!["vmId"]!, (string?)one["container"], (string?)one["owner"]))];
        }
    }

    private async Task VmAsync(string name, string? host = null)
    {
        await api.PutAsync("/v1/networks/states", """{"subnet":"10.9.0.0/24"}""");
        await api.PutAsync(
            $"/v1/vms/{name}",
            host is null ? """{"network":"states"}""" : $"{{\"network\":\"states\",\"host\":\"{host}\"}}"
        );
    }

    /// <summary>Deletes a VM without a host. There is no NB, so the test records that the NB has nothing of the VM.</summary>
    private async Task<string> GoneAsync(string vm)
    {
        var (_, body, _) = await api.SendOkAsync(HttpMethod.Delete, $"/v1/vms/{vm}?cascade=true");
        await SqlAsync(
            $"""
            UPDATE vms SET reconciled_seq = dirty_seq WHERE name = '{vm}';
            UPDATE containers SET reconciled_seq = dirty_seq WHERE vm_id = (SELECT id FROM vms WHERE name = '{vm}');
            UPDATE vlan_leases SET drain_nb_cfg = 1, awaits_all_chassis = false WHERE state = 'Draining' AND vm_id = (SELECT id FROM vms
                WHERE name = '{vm}')
            """
        );
        await Eventually.Holds("the VM is gone", async () =>
            (await api.SendAsync(HttpMethod.Get, $"/v1/vms/{vm}")).Status == HttpStatusCode.NotFound
        );
        return (string)body!["metadata"]!["id"]!;
    }

    private async Task<(HostWork Work, Guid Vm)> WorkAsync(string host, string key)
    {
        var (_, body, _) = await api.SendOkAsync(HttpMethod.Get, $"/v1/hosts/{host}/work", key: key);
        var work = body.Deserialize<HostWork>(ContractJson.Options)!;
        return (work, work.Vms.Single().Id);
    }

    private async Task<string> NowAsync()
    {
        await using var database = NpgsqlDataSource.Create(api.Database);
        await using var command = database.CreateCommand(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        );
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task SqlAsync(string statement)
    {
        await using var database = NpgsqlDataSource.Create(api.Database);
        await using var command = database.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }
}
