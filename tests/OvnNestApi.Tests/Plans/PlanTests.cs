using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Plans;

/// <summary>The plan of the next pass, on a real ovsdb-server, as JSON and as commands that are typed.</summary>
public sealed partial class PlanTests
{
    private const string Empty = "# Nothing to do.\n";

    private static readonly (string, string) AsText = ("Accept", "text/plain");

    [Fact]
    public async Task The_plan_of_an_installation_where_everything_is_in_place_is_empty()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(host: "ubuntu2");
        await nest.SetPortsUpAsync();
        await agent.PassAsync();
        await nest.SettledAsync(); // the report has named the chassis

        foreach (var path in new[] { "/v1", "/v1/vms/vm5", "/v1/vms/vm5/containers/c51", "/v1/networks/dmz", "/v1/hosts/ubuntu2" })
        {
            Assert.Equal(Empty, (await nest.Api.GetAsync($"{path}/plan", AsText)).IsSuccess().Text);
            var plan = (await nest.Api.GetAsync($"{path}/plan")).IsSuccess().Json;
            Assert.Equal("""{"count":0,"items":[],"hosts":[]}""", plan.ToString());
        }
    }

    [Fact]
    public async Task Typed_into_an_empty_northbound_database_the_plan_from_empty_gives_the_same_rows()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync("/v1/routers/tenant1");
        await nest.Api.PutSpecAsync("/v1/hosts/ubuntu2");
        await nest.NetworkAsync(
            "dmz",
            """
            {"subnet":"172.16.255.128/26","gateway":"172.16.255.129","router":"tenant1",
              "dhcp":{"dnsServers":["172.16.255.130","172.16.255.131"],"domainName":"lab.test"}}
            """
        );
        await nest.NetworkAsync("plain", """{"dhcp":{"enabled":false}}""");
        await nest.VmAsync(host: "ubuntu2");
        await nest.ContainerAsync("c51", 51);
        (
            await nest.Api.PutAsync("/v1/vms/vm5/containers/c52", """{"spec":{"vlan":52,"enabled":false,"portSecurity":false}}""")
        ).IsSuccess();
        await nest.VmAsync("vm6", "plain");
        await nest.SettledAsync();
        await using var sandbox = await OvsdbServer.StartNewAsync();

        var text = (await nest.Api.GetAsync("/v1/plan?from=empty", AsText)).IsSuccess().Text;
        await TypeAsync(sandbox, text);

        Assert.Equal(await RowsAsync(nest.Server), await RowsAsync(sandbox));

        // One resource after the other gives the same.
        await using var another = await OvsdbServer.StartNewAsync();
        foreach (var path in new[] { "routers/tenant1", "networks/dmz", "networks/plain", "vms/vm5", "vms/vm6" })
        {
            await TypeAsync(another, (await nest.Api.GetAsync($"/v1/{path}/plan?from=empty", AsText)).IsSuccess().Text);
        }

        foreach (var name in new[] { "c51", "c52" })
        {
            var path = $"/v1/vms/vm5/containers/{name}/plan?from=empty";
            await TypeAsync(another, (await nest.Api.GetAsync(path, AsText)).IsSuccess().Text);
        }

        Assert.Equal(await RowsAsync(nest.Server), await RowsAsync(another));
    }

    [Fact]
    public async Task After_drift_the_plan_is_the_repair_and_typed_it_repairs_the_rows()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await nest.LabAsync();
        await nest.StopReconcilerAsync();
        var (before, c51) = (await RowsAsync(nest.Server), containers[0].PortUuid);
        string[] drifts =
        [
            "set Logical_Switch_Port dmz-vm5-c51 tag_request=77 addresses=unknown enabled=false port_security=[]",
            "set Logical_Switch_Port dmz-vm5-c51 name=other parent_name=else",
            // A name that would run commands if a shell or ovn-nbctl interpreted it.
            "set Logical_Switch_Port dmz-vm5-c51 name=\"a'b;$(exit)\\\"`#c\" tag_request=77",
            "clear Logical_Switch_Port dmz-vm5-c51 external_ids",
            "set Logical_Switch_Port dmz-vm5-c51 options:requested-chassis=nowhere",
            "set Logical_Switch dmz name=renamed -- set Logical_Switch_Port dmz-vm5-c51 name=also",
            $"ls-add other -- remove Logical_Switch dmz ports {c51} -- add Logical_Switch other ports {c51}",
        ];
        foreach (var drift in drifts)
        {
            await nest.NbctlAsync(drift.Split(' '));
            var drifted = await RowsAsync(nest.Server);

            var plan = await PlanBecomesAsync(nest, plan => plan.GetProperty("count").GetInt32() > 0);
            var text = (await nest.Api.GetAsync("/v1/plan", AsText)).IsSuccess().Text;

            Assert.True(drifted == await RowsAsync(nest.Server), $"the plan has changed something: {drift}");
            Assert.DoesNotContain("insert", Operations(plan).Select(one => one.GetProperty("action").GetString()));
            await TypeAsync(nest.Server, text);
            await nest.NbctlAsync("--if-exists", "ls-del", "other");
            Assert.Equal(before, await RowsAsync(nest.Server));
            await PlanBecomesAsync(nest, rest => rest.GetProperty("count").GetInt32() == 0);
        }
    }

    [Fact]
    public async Task The_next_pass_does_what_the_plan_says()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await nest.LabAsync();
        await nest.StopReconcilerAsync();
        await nest.NbctlAsync("lsp-del", "dmz-vm5-c51", "--", "set", "Logical_Switch_Port", "dmz-vm5-c52", "tag_request=60");
        await nest.DeleteContainerAsync("c52");

        var plan = await PlanBecomesAsync(nest, plan => plan.GetProperty("count").GetInt32() == 2);
        var operations = Operations(plan).ToList();
        var insert = operations.Single(one => one.GetProperty("action").GetString() == "insert");
        Assert.Equal(containers[0].PortUuid, insert.GetProperty("uuid").GetGuid());
        var delete = operations.Single(one => one.GetProperty("action").GetString() == "delete");
        Assert.Equal(containers[1].PortUuid, delete.GetProperty("uuid").GetGuid());
        Assert.Equal("60", delete.GetProperty("columns").GetProperty("tag_request").GetProperty("from").GetString());
        var c51 = (await nest.Api.GetAsync("/v1/vms/vm5/containers/c51/plan")).IsSuccess().Json;
        Assert.Equal(1, c51.GetProperty("count").GetInt32());

        await nest.StartProcessAsync();

        await nest.PortBecomesAsync(containers[0].PortUuid.ToString(), "tag_request", "51");
        foreach (var column in insert.GetProperty("columns").EnumerateObject().Where(column => column.Name is "addresses" or "parent_name"))
        {
            var wanted = column.Value.GetProperty("to").GetString();
            Assert.Contains(wanted!, await nest.GetAsync(containers[0].PortUuid.ToString(), column.Name), StringComparison.Ordinal);
        }

        Assert.Equal(["dmz-vm5", "dmz-vm5-c51"], await nest.PortsAsync());
        await PlanBecomesAsync(nest, rest => rest.GetProperty("count").GetInt32() == 0);
    }

    [Fact]
    public async Task A_dry_run_shows_what_would_be_done_and_leaves_nothing()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await agent.PassAsync();
        await nest.LabAsync(host: "ubuntu2");
        await agent.PassAsync();
        var before = (await RowsAsync(nest.Server), await nest.Api.RowsAsync());

        var plan = (await nest.Api.PutAsync("/v1/vms/vm5/containers/c53?dryRun=true", """{"spec":{"vlan":53}}"""))
            .Is(HttpStatusCode.Created)
            .Json.GetProperty("plan");

        var item = Assert.Single(plan.GetProperty("items").EnumerateArray());
        Assert.Equal("container vm5/c53", $"{item.GetProperty("kind")} {item.GetProperty("vm")}/{item.GetProperty("name")}");
        Assert.Equal(["insert", "attach"], Operations(plan).Select(one => one.GetProperty("action").GetString()));
        var columns = Operations(plan).First().GetProperty("columns");
        Assert.Equal("53", columns.GetProperty("tag_request").GetProperty("to").GetString());
        Assert.Equal(JsonValueKind.Null, columns.GetProperty("tag_request").GetProperty("from").ValueKind);
        Assert.StartsWith("ovn-nbctl lsp-add dmz dmz-vm5-c53 dmz-vm5 53 -- ", item.GetProperty("commands")[0].GetString());
        var host = Assert.Single(plan.GetProperty("hosts").EnumerateArray());
        Assert.Equal(["container/vm5/c53"], host.GetProperty("resources").EnumerateArray().Select(one => one.GetString()));
        var commands = host.GetProperty("commands").EnumerateArray().Select(one => one.GetString()!).ToList();
        Assert.Contains(commands, command => command.StartsWith("ovs-vsctl add-port br-vm5 c53 tag=53 ", StringComparison.Ordinal));
        Assert.Contains("ovs-vsctl set Port brvm5-brint 'trunks=[0,51,52,53]'", commands);
        Assert.DoesNotContain(commands, command => command.Contains("c51", StringComparison.Ordinal));

        var changed = (await nest.Api.PutAsync("/v1/vms/vm5/containers/c52?dryRun", """{"spec":{"vlan":54}}""")).IsSuccess().Json;
        var update = Assert.Single(Operations(changed.GetProperty("plan")));
        Assert.Equal("""{"tag_request":{"from":"52","to":"54"}}""", update.GetProperty("columns").ToString());

        var deleted = (await nest.Api.DeleteAsync("/v1/vms/vm5?dryRun=true&cascade=true")).Is(HttpStatusCode.Accepted).Json;
        Assert.Equal(3, deleted.GetProperty("plan").GetProperty("count").GetInt32());
        Assert.All(Operations(deleted.GetProperty("plan")), one => Assert.Equal("delete", one.GetProperty("action").GetString()));

        var manifest = """{"items":[{"kind":"network","name":"other","spec":{}},{"kind":"vm","name":"vm7","spec":{"network":"other"}}]}""";
        var applied = (await nest.Api.PostAsync("/v1/manifests?dryRun=true", manifest)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(
            ["other", "vm7"],
            applied.GetProperty("plan").GetProperty("items").EnumerateArray().Select(one => one.GetProperty("name").GetString())
        );

        var (rows, stored) = before;
        Assert.Equal(rows, await RowsAsync(nest.Server));
        Assert.Equal(stored, await nest.Api.RowsAsync());
        Assert.False(
            (await nest.Api.PutAsync("/v1/vms/vm5/containers/c53", """{"spec":{"vlan":53}}""")).Json.TryGetProperty("plan", out _)
        );
    }

    [Fact]
    public async Task Without_the_northbound_database_a_plan_is_refused_and_a_dry_run_says_why_it_has_no_operations()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        await nest.Server.StopAsync();
        await using var api = await nest.StartProcessAsync();

        (await api.GetAsync("/v1/plan")).IsProblem("northbound-unavailable");
        (await api.GetAsync("/v1/networks/dmz/plan")).IsProblem("northbound-unavailable");
        var plan = (await api.PutAsync("/v1/vms/vm5/containers/c53?dryRun=true", """{"spec":{"vlan":53}}"""))
            .IsSuccess()
            .Json.GetProperty("plan");
        Assert.StartsWith("The northbound database cannot be read: ", plan.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_plan_of_many_resources_is_cut_and_says_how_many_there_are()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(3);

        var plan = (await nest.Api.GetAsync("/v1/plan?from=empty&limit=2")).IsSuccess().Json;
        Assert.Equal((5, 2), (plan.GetProperty("count").GetInt32(), plan.GetProperty("items").GetArrayLength()));
        var text = (await nest.Api.GetAsync("/v1/plan?from=empty&limit=2", AsText)).IsSuccess().Text;
        Assert.Contains("\n# 3 more resources", text, StringComparison.Ordinal);

        (await nest.Api.GetAsync("/v1/plan?limit=0")).IsProblem("invalid-parameter");
        (await nest.Api.GetAsync("/v1/plan?from=past")).IsProblem("invalid-parameter");
        (await nest.Api.GetAsync("/v1/plan?at=1")).IsProblem("unknown-parameter");
        (await nest.Api.GetAsync("/v1/vms/nothing/plan")).IsProblem("not-found");
        (await nest.Api.GetAsync("/v1/plan", ("Authorization", $"Bearer {await nest.Api.KeyAsync(Role.Viewer)}"))).IsSuccess();
    }

    private static IEnumerable<JsonElement> Operations(JsonElement plan) =>
        plan.GetProperty("items").EnumerateArray().SelectMany(item => item.GetProperty("operations").EnumerateArray());

    /// <summary>Waits until the replica of the process shows the change.</summary>
    private static Task<JsonElement> PlanBecomesAsync(ReconciledInstallation nest, Func<JsonElement, bool> holds) =>
        Eventually.Becomes("the plan has changed", async () => (await nest.Api.GetAsync("/v1/plan")).IsSuccess().Json, holds);

    private static Task<string> TypeAsync(OvsdbServer server, string lines)
    {
        var northbound = lines.Split("# on host", 2)[0];
        return ChildProcess.RunAsync("sh", ["-ec", northbound], new Dictionary<string, string?> { ["OVN_NB_DB"] = server.Endpoint });
    }

    /// <summary>Returns all rows with their columns; ports of switches and routers by name.</summary>
    [Fact]
    public async Task On_an_existing_switch_the_plan_uses_the_DHCP_options_that_ports_of_the_switch_use()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NbctlAsync("ls-add", "theirs", "--", "lsp-add", "theirs", "a-1");
        var dhcp = (await nest.NbctlAsync("create", "DHCP_Options", "cidr=10.61.0.0/24")).Trim();

        Assert.Equal(["insert DHCP_Options", "insert Logical_Switch_Port", "attach Logical_Switch_Port"], await ActionsAsync());
        await nest.NbctlAsync("lsp-set-dhcpv4-options", "a-1", dhcp);
        Assert.Equal(["insert Logical_Switch_Port", "attach Logical_Switch_Port"], await ActionsAsync());

        async Task<IEnumerable<string>> ActionsAsync()
        {
            var manifest = """
                {"items":[
                  {"kind":"network","name":"dmz","spec":{"subnet":"10.61.0.0/24","switch":{"name":"theirs","existing":true}}},
                  {"kind":"vm","name":"vm7","spec":{"network":"dmz"}}
                ]}
                """;
            var plan = (await nest.Api.PostAsync("/v1/manifests?dryRun=true", manifest)).IsSuccess().Json.GetProperty("plan");
            return Operations(plan).Select(one => $"{one.GetProperty("action").GetString()} {one.GetProperty("table").GetString()}");
        }
    }

    private static async Task<string> RowsAsync(OvsdbServer server)
    {
        string[] tables = ["Logical_Switch_Port", "Logical_Router_Port", "Logical_Switch", "Logical_Router", "DHCP_Options"];
        var output = await ChildProcess.RunAsync(
            "ovn-nbctl",
            [$"--db={server.Endpoint}", "--format=json", .. tables.SelectMany(table => new[] { "--", "list", table })]
        );
        var lists = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(list => Rows(JsonElement.Parse(list))).ToList();
        var names = lists.Take(2).SelectMany(list => list).ToDictionary(port => Uuids(port["_uuid"]).Single(), port => $"{port["name"]}");
        return string.Join('\n', tables.Zip(lists).SelectMany(list => list.Second.Select(row => $"{list.First} {Columns(row)}")).Order());

        string Columns(Dictionary<string, JsonElement> row) =>
            string.Join(' ', row.Where(column => column.Key != "_uuid").OrderBy(column => column.Key).Select(Text));

        string Text(KeyValuePair<string, JsonElement> column) =>
            column.Key == "ports"
                ? $"ports={string.Join(',', Uuids(column.Value).Select(uuid => names[uuid]).Order())}"
                : $"{column.Key}={column.Value}";

        static List<Dictionary<string, JsonElement>> Rows(JsonElement list)
        {
            var headings = list.GetProperty("headings").EnumerateArray().Select(heading => $"{heading}").ToList();
            return [.. list.GetProperty("data").EnumerateArray().Select(row => headings.Zip(row.EnumerateArray()).ToDictionary())];
        }

        static IEnumerable<string> Uuids(JsonElement value) => Uuid().Matches(value.GetRawText()).Select(match => match.Value);
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Uuid();
}
