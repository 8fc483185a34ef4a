using System.Net;
using System.Text.Json.Nodes;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Adoption;

/// <summary>Ports that were made by hand are listed with their defects, and adopted in place, all or none.</summary>
public sealed class AdoptionTests
{
    [Fact]
    public async Task The_list_proposes_a_network_VMs_and_containers_with_what_their_rows_have()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var items = await lab.ListAsync();
        Assert.Equal(["network dmz", "vm vm1", "vm vm5", "container c51", "container c52"], items.Select(i => $"{i!["kind"]} {i["name"]}"));

        var (dmz, c51) = (items[0]!["spec"]!, items[3]!);
        Assert.Equal(("172.16.255.128/26", "172.16.255.129"), ((string?)dmz["subnet"], (string?)dmz["gateway"]));
        Assert.Equal("""{"name":"dmz","existing":true}""", dmz["switch"]!.ToJsonString());
        Assert.Equal(await lab.Nest.GetAsync("dmz-c51", "dhcpv4_options"), (string?)dmz["dhcp"]!["optionsId"]);
        Assert.Equal(await lab.Nest.GetAsync("dmz-c51", "_uuid"), (string?)c51["row"]);
        Assert.Equal(
            """{"network":"dmz","vlan":51,"mac":"02:ac:10:ff:01:33","ip":"172.16.255.133","portName":"dmz-c51","""
                + "\"interface\":\"c51\",\"namespace\":\"c51\"}",
            c51["spec"]!.ToJsonString()
        );
        Assert.Equal("vm5", (string?)c51["vm"]);
        Assert.Equal(["tagWithoutRequest"], await lab.DefectsAsync("c51"));
        Assert.Empty(await lab.DefectsAsync("vm5"));
    }

    [Fact]
    public async Task Adopted_rows_keep_their_UUIDs_and_foreign_rows_do_not_change()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.Nest.StartNorthdAsync();
        await lab.Nest.PortBecomesAsync("dmz-vm1", "up", "false");
        var (ports, dhcp) = (await lab.VersionsAsync("Logical_Switch_Port"), await lab.VersionsAsync("DHCP_Options"));
        var switches = await lab.VersionsAsync("Logical_Switch");

        var adopted = (await lab.AdoptAsync()).Is(HttpStatusCode.OK);
        Assert.All(adopted.Json.GetProperty("items").EnumerateArray(), item =>
            Assert.Equal("created", item.GetProperty("action").GetString())
        );
        await lab.Nest.SettledAsync();

        await lab.Nest.PortBecomesAsync("dmz-c51", "tag_request", "51");
        Assert.Equal("51", await lab.Nest.GetAsync("dmz-c51", "tag"));
        foreach (var port in new[] { "dmz-vm5", "dmz-c51", "dmz-c52" })
        {
            Assert.Equal("lab", (await lab.Nest.GetAsync(port, "external_ids:\"ovnnest:instance\"")).Trim('"'));
        }

        var after = await lab.VersionsAsync("Logical_Switch_Port");
        Assert.Equal(ports.Keys.Order(), after.Keys.Order());
        Assert.All(ports, port => Assert.Equal(port.Value.Uuid, after[port.Key].Uuid));
        Assert.Equal(ports["dmz-vm1"], after["dmz-vm1"]);
        Assert.Equal(dhcp, await lab.VersionsAsync("DHCP_Options"));
        Assert.Equal(switches, await lab.VersionsAsync("Logical_Switch"));

        Assert.Equal(LeaseState.Bound, (await lab.Nest.LeaseAsync(51))?.State);
        Assert.Equal("vm1", (string?)Assert.Single(await lab.ListAsync())!["name"]);
        await lab.Nest.DeleteVmAsync();
        await Eventually.Becomes("only vm1 is left", lab.Nest.PortsAsync, left => left.SequenceEqual(["dmz-vm1"]));
    }

    [Fact]
    public async Task A_network_can_take_over_a_switch_and_its_DHCP_options()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var before = await lab.Nest.NbctlAsync("ls-list");
        var options = await lab.Nest.NbctlAsync("--bare", "--columns=_uuid,cidr,options", "list", "DHCP_Options");

        var items = await lab.ListAsync("?claimSwitches=true");
        (await lab.AdoptAsync("", items)).Is(HttpStatusCode.OK);
        await lab.Nest.SettledAsync();

        Assert.Equal(before, await lab.Nest.NbctlAsync("ls-list"));
        var now = await lab.Nest.NbctlAsync("--bare", "--columns=_uuid,cidr,options", "list", "DHCP_Options");
        Assert.Equal(options, now.Replace("mtu=1442 ", "", StringComparison.Ordinal));
        Assert.Empty(await lab.ListAsync());
        (await lab.Api.DeleteAsync("/v1/networks/dmz?cascade=true")).IsSuccess();
        await Eventually.Becomes("the switch is gone", () => lab.Nest.NbctlAsync("ls-list"), left => left.Trim().Length == 0);
    }

    [Fact]
    public async Task A_switch_whose_DHCP_options_a_network_cannot_have_stays_that_of_others()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var dhcp = await lab.Nest.GetAsync("dmz-vm1", "dhcpv4_options");
        await lab.Nest.NbctlAsync("set", "DHCP_Options", dhcp, "options:ntp_server=172.16.255.130");

        var network = (await lab.ListAsync("?claimSwitches=true"))[0]!;

        Assert.Equal("dhcpForeign", (string?)network["defects"]![0]!["code"]);
        Assert.Contains("ntp_server", (string)network["defects"]![0]!["detail"]!, StringComparison.Ordinal);
        Assert.Null(network["row"]);
        network["row"] = (await lab.Nest.NbctlAsync("get", "Logical_Switch", "dmz", "_uuid")).Trim();
        network["dhcpRow"] = dhcp;
        network["spec"] = JsonNode.Parse("""{"subnet":"172.16.255.128/26","gateway":"172.16.255.129","gatewayMac":"02:ac:10:ff:01:29"}""");
        (await lab.AdoptAsync("", network)).IsProblem("not-adoptable", "#/items/0/spec/dhcp");
    }

    [Fact]
    public async Task One_defect_in_one_port_and_nothing_is_adopted()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync("dmz-c52", "tag=51");
        var (stored, rows) = (await lab.Api.RowsAsync(), await lab.VersionsAsync("Logical_Switch_Port"));
        Assert.Equal(["tagDuplicate!", "tagWithoutRequest"], await lab.DefectsAsync("c52"));

        var all = (await lab.ListAsync()).Where(item => (string?)item!["name"] is not "vm1").ToList();
        (await lab.AdoptAsync("", all)).IsProblem("vlan-tag-taken", "#/items/3/spec/vlan");
        all[3]!["spec"]!["vlan"] = 52;
        (await lab.AdoptAsync("", all)).IsProblem("not-adoptable", "#/items/2/row", "#/items/3/row");

        Assert.Equal(stored, await lab.Api.RowsAsync());
        Assert.Equal(rows, await lab.VersionsAsync("Logical_Switch_Port"));
    }

    [Fact]
    public async Task What_a_row_has_cannot_be_changed_by_adoption_and_is_compared_with_the_row_as_it_is_now()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var items = await lab.ListAsync();
        await lab.SetAsync("dmz-c51", "addresses=\"02:ac:10:ff:01:99 172.16.255.150\"", "port_security=[]");
        await lab.SetAsync("dmz-c52", "tag=77");
        (await lab.AdoptAsync("", items)).IsProblem("not-adoptable", "#/items/3/spec/ip", "#/items/4/spec/vlan");

        await lab.SetAsync("dmz-c52", "tag=52");
        var fresh = await lab.ListAsync();
        Assert.False((bool)fresh[3]!["spec"]!["portSecurity"]!);
        fresh[4]!["row"] = fresh[3]!["row"]!.DeepClone();
        (await lab.AdoptAsync("", fresh)).IsProblem("validation-failed", "#/items/4/row");
        fresh[4]!["row"] = Guid.NewGuid().ToString();
        (await lab.AdoptAsync("", fresh)).IsProblem("not-adoptable", "#/items/4/row");
        (await lab.AdoptAsync("", await lab.ListAsync())).Is(HttpStatusCode.OK);
        (await lab.AdoptAsync("", fresh)).IsProblem("already-exists");
    }

    [Fact]
    public async Task Missing_addresses_and_tags_are_completed()
    {
        await using var lab = await HandMadeLab.StartAsync();
        foreach (var (port, mac) in new[] { ("dmz-vm5", "02:ac:10:ff:01:32"), ("dmz-c51", "02:ac:10:ff:01:33") })
        {
            await lab.SetAsync(port, $"addresses=\"{mac}\"", $"port_security=\"{mac}\"", "dhcpv4_options=[]");
        }

        await lab.SetAsync("dmz-c51", "tag=[]");
        Assert.Equal(["ipMissing", "dhcpMissing", "tagMissing"], await lab.DefectsAsync("c51"));
        (await lab.AdoptAsync()).Is(HttpStatusCode.OK);
        await lab.Nest.SettledAsync();

        var effective = (await lab.Api.GetAsync("/v1/vms/vm5/containers/c51")).Effective;
        Assert.Equal(
            $"\"02:ac:10:ff:01:33 {effective.GetProperty("ip")}\"",
            (await lab.Nest.GetAsync("dmz-c51", "addresses")).Trim('[', ']')
        );
        Assert.Equal(effective.GetProperty("vlan").ToString(), await lab.Nest.GetAsync("dmz-c51", "tag_request"));
    }

    [Theory]
    [InlineData("tag=4095", "tagInvalid!")]
    [InlineData("parent_name=nosuch", "parentMissing!")]
    [InlineData("parent_name=dmz-c52", "parentNested!")]
    [InlineData("addresses=dynamic", "addressInvalid!")]
    [InlineData("addresses=[\"02:ac:10:ff:01:33 172.16.255.133\",\"02:ac:10:ff:01:44 172.16.255.144\"]", "addressSeveral!")]
    [InlineData("addresses=\"02:ac:10:ff:01:33 10.0.0.1\"", "addressOutside!")]
    [InlineData("addresses=\"02:ac:10:ff:01:33 172.16.255.134\"", "addressDuplicate!")]
    [InlineData("addresses=\"02:ac:10:ff:01:33 172.16.255.129\"", "addressDuplicate!")]
    [InlineData("addresses=\"02:ac:10:ff:01:34 172.16.255.133\"", "macDuplicate!")]
    [InlineData("port_security=\"02:ac:10:ff:01:99\"", "portSecurityOther!")]
    [InlineData("addresses=[]", "macMissing")]
    [InlineData("tag_request=60", "tagNotApplied!")]
    [InlineData("name=dmz-C_51", "nameAdapted")]
    [InlineData("name=\"c 51\"", "nameInvalid!")]
    public async Task Each_defect_of_a_port_is_named(string change, string expected)
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync("dmz-c51", change);
        var name = change.StartsWith("name", StringComparison.Ordinal) ? "c-51" : "c51";
        Assert.Contains(expected, await lab.DefectsAsync(name));
    }

    [Fact]
    public async Task Another_installations_rows_are_neither_listed_nor_adopted()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var items = await lab.ListAsync();
        await lab.SetAsync("dmz-vm5", "external_ids:\"ovnnest:instance\"=other");

        Assert.DoesNotContain(await lab.ListAsync(), item => (string?)item!["name"] == "vm5");
        Assert.Contains("parentUnsuitable!", await lab.DefectsAsync("c51"));
        (await lab.AdoptAsync("", items)).IsProblem("not-adoptable", "#/items/2/row", "#/items/3/row", "#/items/4/row");
    }

    [Fact]
    public async Task The_list_has_pages_and_a_filter_by_switch()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.Nest.NbctlAsync("ls-add", "inside", "--", "lsp-add", "inside", "inside-vm3");
        var (names, cursor) = (new List<string?>(), "");
        do
        {
            var page = JsonNode.Parse((await lab.Api.GetAsync($"{HandMadeLab.Path}?limit=2{cursor}")).IsSuccess().Text)!;
            names.AddRange(page["items"]!.AsArray().Select(item => (string?)item!["name"]));
            cursor = page["next"] is { } next ? $"&cursor={next}" : "";
        } while (cursor.Length > 0);

        Assert.Equal(["dmz", "inside", "vm1", "vm3", "vm5", "c51", "c52"], names);
        Assert.Equal(["inside", "vm3"], (await lab.ListAsync("?switch=inside")).Select(item => (string?)item!["name"]));
        (await lab.Api.GetAsync($"{HandMadeLab.Path}?cursor=x")).IsProblem("cursor-invalid");
    }

    [Fact]
    public async Task The_host_may_take_over_items_until_it_has_confirmed_the_work()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var agent = await lab.Nest.HostAsync();
        var items = (await lab.ListAsync()).Where(item => (string?)item!["name"] != "vm1").ToList();
        items[1]!["spec"]!["host"] = "ubuntu2";
        (await lab.AdoptAsync("", items)).Is(HttpStatusCode.OK);

        await agent.FetchAsync();
        var work = agent.Work;
        Assert.True(Assert.Single(work.Vms).Adopts);
        Assert.All(work.Vms[0].Containers, container => Assert.True(container.Adopts));
        agent.Apply();
        await agent.ReportAsync();

        await agent.FetchAsync();
        Assert.NotEqual(work.Cursor, agent.Work.Cursor);
        Assert.Null(Assert.Single(agent.Work.Vms).Adopts);
        Assert.All(agent.Work.Vms[0].Containers, container => Assert.Null(container.Adopts));
        Assert.Equal(work.Vms[0].Digest, agent.Work.Vms[0].Digest);
    }

    [Fact]
    public async Task Without_a_northbound_database_nothing_can_be_listed_or_adopted()
    {
        await using var lab = await HandMadeLab.StartAsync();
        var items = await lab.ListAsync();
        await lab.Nest.Server.KillAsync();
        (await lab.Api.GetAsync(HandMadeLab.Path)).IsProblem("northbound-unavailable");
        (await lab.Api.PostAsync(HandMadeLab.Path, HandMadeLab.Body(items))).IsProblem("northbound-unavailable");
    }

    [Theory]
    [InlineData(Role.Viewer)]
    [InlineData(Role.Editor)]
    public async Task Only_an_admin_can_adopt(Role role)
    {
        await using var lab = await HandMadeLab.StartAsync();
        var key = ("Authorization", $"Bearer {await lab.Api.KeyAsync(role)}");
        (await lab.Api.GetAsync(HandMadeLab.Path, key)).Is(HttpStatusCode.OK);
        (await lab.Api.PostAsync(HandMadeLab.Path, HandMadeLab.Body(await lab.ListAsync()), key)).IsProblem("forbidden");
    }
}
