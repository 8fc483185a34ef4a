using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>What the fields mean, kind by kind.</summary>
public sealed class RuleTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("""{"gateway":"10.0.0.1"}""", "#/spec/gateway")]
    [InlineData("""{"router":"r"}""", "#/spec/router")]
    [InlineData("""{"subnet":"10.1.0.7/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.1/16"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/4"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"0.1.0.0/16"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"127.0.0.0/8"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"169.254.1.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"224.0.0.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"255.255.255.0/24"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/31"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/32","router":"r"}""", "#/spec/subnet")]
    [InlineData("""{"subnet":"10.0.0.0/24","gatewayMac":"01:00:5e:00:00:01"}""", "#/spec/gatewayMac")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"10.0.1.1"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"10.0.0.255"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","gateway":"nobody"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","router":"r","gateway":"none"}""", "#/spec/gateway")]
    [InlineData("""{"subnet":"10.0.0.0/24","reserved":["10.0.0.5","10.0.1.5"]}""", "#/spec/reserved/1")]
    [InlineData("""{"subnet":"10.0.0.0/24","reserved":["10.0.0.5-10.0.0.4"]}""", "#/spec/reserved/0")]
    [InlineData("""{"dhcp":{"enabled":true}}""", "#/spec/dhcp/enabled")]
    [InlineData("""{"dhcp":{"leaseTime":0}}""", "#/spec/dhcp/leaseTime")]
    [InlineData("""{"dhcp":{"dnsServers":["1.1.1.1","dns"]}}""", "#/spec/dhcp/dnsServers/1")]
    [InlineData("""{"dhcp":{"domainName":"-"}}""", "#/spec/dhcp/domainName")]
    [InlineData("""{"dhcp":{"mtu":70000}}""", "#/spec/dhcp/mtu")]
    [InlineData("""{"dhcp":{"optionsId":"01900000-0000-7000-8000-000000000000"}}""", "#/spec/dhcp/optionsId")]
    [InlineData("""{"switch":{"existing":true}}""", "#/spec/switch/name")]
    [InlineData("""{"switch":{"name":"a b"}}""", "#/spec/switch/name")]
    public async Task A_network_that_makes_no_sense_is_refused(string spec, string pointer)
    {
        (await api.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/networks/senseless", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task Subnets_that_overlap_do_not_join_one_router()
    {
        (await api.PutAsync("/v1/routers/narrow", "{}")).IsSuccess();
        (await api.PutAsync("/v1/networks/wide", """{"spec":{"subnet":"10.40.0.0/16","router":"narrow"}}""")).Is(HttpStatusCode.Created);
        var refused = (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24","router":"narrow"}}""")).IsProblem(
            "address-taken",
            "#/spec/subnet"
        );
        Assert.Contains("10.40.7.0/24 overlaps 10.40.0.0/16 of network wide", refused.Text, StringComparison.Ordinal);
        (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24"}}""")).Is(HttpStatusCode.Created);
        (await api.PutAsync("/v1/networks/within", """{"spec":{"subnet":"10.40.7.0/24","router":"narrow"}}""")).IsProblem(
            "address-taken",
            "#/spec/subnet"
        );
        (await api.PutAsync("/v1/networks/wide", """{"spec":{"subnet":"10.40.0.0/16","router":"narrow","dhcp":{"mtu":1400}}}""")).Is(
            HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task Networks_that_join_a_router_at_once_do_not_overlap()
    {
        (await api.PutAsync("/v1/routers/busy", "{}")).IsSuccess();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i => api.PutAsync($"/v1/networks/busy-{i}", """{"spec":{"subnet":"10.41.0.0/24","router":"busy"}}"""))
        );
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("""{"mac":"01:00:5e:00:00:01"}""", "#/spec/mac")]
    [InlineData("""{"mac":"ff:ff:ff:ff:ff:ff"}""", "#/spec/mac")]
    [InlineData("""{"mac":"00:00:00:00:00:00"}""", "#/spec/mac")]
    [InlineData("""{"mac":"02-00-00-00-00-01"}""", "#/spec/mac")]
    [InlineData("""{"mac":"02:00:00:00:00"}""", "#/spec/mac")]
    [InlineData("""{"ip":"10.7.0.256"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.0.07"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.1.7"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.0.255"}""", "#/spec/ip")]
    public async Task An_address_that_no_port_can_have_is_refused_with_where_it_stands(string spec, string pointer)
    {
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
    }

    [Fact]
    public async Task A_network_has_the_defaults_of_the_document()
    {
        (await api.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var bare = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("{}")}");
        Assert.False(
            bare.Effective.TryGetProperty("subnet", out _)
                || bare.Effective.TryGetProperty("gateway", out _)
                || bare.Effective.TryGetProperty("gatewayMac", out _)
        );
        Assert.False(bare.Effective.GetProperty("dhcp").GetProperty("enabled").GetBoolean());
        var routed = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("""{"subnet":"10.9.0.0/24","router":"r"}""")}");
        Assert.Equal("10.9.0.1", routed.Effective.GetProperty("gateway").GetString());
        Assert.StartsWith("02:", routed.Effective.GetProperty("gatewayMac").GetString(), StringComparison.Ordinal);
        Assert.True(routed.Effective.GetProperty("dhcp").GetProperty("enabled").GetBoolean());
        Assert.Equal(
            (3600, 1442),
            (routed.Effective.GetProperty("dhcp").GetProperty("leaseTime").GetInt32(), routed.Effective.GetProperty("mtu").GetInt32())
        );
        var alone = await api.GetAsync($"/v1/networks/{await api.NetworkAsync("""{"subnet":"10.9.0.0/24"}""")}");
        Assert.False(alone.Effective.TryGetProperty("gateway", out _));
    }

    [Fact]
    public async Task A_subnet_may_grow_but_not_leave_out_an_address_in_use()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.3.1.0/24"}""");
        var vm = await api.VmAsync(network);
        var ip = (await api.GetAsync($"/v1/vms/{vm}")).Effective.GetProperty("ip").GetString();
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.3.0.0/16"}}""")).Is(HttpStatusCode.OK);
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.4.0.0/16"}}""")).IsProblem("immutable", "#/spec/subnet");
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{}}""")).IsProblem("immutable", "#/spec/subnet");
        (await api.PutAsync($"/v1/networks/{network}", $$$"""{"spec":{"subnet":"10.3.0.0/16","gateway":"{{{ip}}}"}}""")).IsProblem(
            "address-taken",
            "#/spec/gateway"
        );
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.3.0.0/16","switch":{"name":"other"}}}""")).IsProblem(
            "immutable",
            "#/spec/switch"
        );
    }

    [Fact]
    public async Task A_network_that_gets_a_subnet_gives_its_ports_addresses()
    {
        var network = await api.NetworkAsync("{}");
        var vm = await api.VmAsync(network);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        Assert.Equal("none", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("addressing").GetString());
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.5.0.0/24"}}""")).Is(HttpStatusCode.OK);
        var after = (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective;
        Assert.StartsWith("10.5.0.", after.GetProperty("ip").GetString(), StringComparison.Ordinal);
        Assert.Equal("dhcp", after.GetProperty("addressing").GetString());
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.5.0.0/24","dhcp":{"enabled":false}}}""")).Is(
            HttpStatusCode.OK
        );
        Assert.Equal("static", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("addressing").GetString());
    }

    [Theory]
    [InlineData("{}", "#/spec/network")]
    [InlineData("""{"network":null}""", "#/spec/network")]
    [InlineData("""{"network":"n","vlanRanges":"0-5"}""", "#/spec/vlanRanges")]
    [InlineData("""{"network":"n","vlanRanges":"5-4095"}""", "#/spec/vlanRanges")]
    [InlineData("""{"network":"n","vlanRanges":"9-5"}""", "#/spec/vlanRanges")]
    [InlineData("""{"network":"n","vlanRanges":""}""", "#/spec/vlanRanges")]
    [InlineData("""{"network":"n","uplink":{"kind":"interface"}}""", "#/spec/uplink/interface")]
    [InlineData("""{"network":"n","uplink":{"interface":"eth1"}}""", "#/spec/uplink/interface")]
    [InlineData("""{"network":"n","uplink":{"kind":"interface","interface":"br-int"}}""", "#/spec/uplink/interface")]
    [InlineData("""{"network":"n","bridge":"br5","uplink":{"kind":"interface","interface":"br5"}}""", "#/spec/uplink/interface")]
    [InlineData("""{"network":"n","bridge":"br int"}""", "#/spec/bridge")]
    public async Task A_vm_that_makes_no_sense_is_refused(string spec, string pointer)
    {
        (await api.PutAsync("/v1/networks/n", "{}")).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_body_without_a_spec_lacks_what_is_needed() =>
        (await api.PutAsync("/v1/vms/v", "{}")).IsProblem("validation-failed", "#/spec/network");

    [Fact]
    public async Task What_a_field_names_must_exist()
    {
        var network = await api.NetworkAsync();
        var vm = await api.VmAsync(network);
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/vms/v", """{"spec":{"network":"none"}}""")).IsProblem("reference-missing", "#/spec/network");
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{"network":"{{{network}}}","host":"none"}}""")).IsProblem(
            "reference-missing",
            "#/spec/host"
        );
        (await api.PutAsync("/v1/networks/w", """{"spec":{"subnet":"10.0.0.0/24","router":"none"}}""")).IsProblem(
            "reference-missing",
            "#/spec/router"
        );
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"network":"none"}}""")).IsProblem(
            "reference-missing",
            "#/spec/network"
        );
        (await api.PutAsync("/v1/vms/none/containers/a", "{}")).IsProblem("not-found");
        (await api.GetAsync("/v1/vms/none/containers")).IsProblem("not-found");
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task Two_containers_of_a_vm_never_have_one_tag_and_two_vms_may()
    {
        var (vm, other) = (await api.VmAsync(), await api.VmAsync());
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":51}}""")).Is(HttpStatusCode.Created);
        var rows = await api.RowsAsync();
        var taken = (await api.PutAsync($"/v1/vms/{vm}/containers/b", """{"spec":{"vlan":51}}""")).IsProblem(
            "vlan-tag-taken",
            "#/spec/vlan"
        );
        Assert.Contains("container a", taken.Text, StringComparison.Ordinal);
        Assert.Equal(rows, await api.RowsAsync());
        (await api.PutAsync($"/v1/vms/{other}/containers/b", """{"spec":{"vlan":51}}""")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Tags_and_addresses_run_out_and_say_so()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.6.0.0/29"}""");
        var vm = api.NewName("vm");
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","vlanRanges":"7"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).Is(HttpStatusCode.Created);
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", "{}")).IsProblem("vlan-tags-exhausted", "#/spec/vlan");
        for (var tag = 10; tag < 14; tag++)
        {
            (await api.PutAsync($"/v1/vms/{vm}/containers/c{tag}", $$$"""{"spec":{"vlan":{{{tag}}}}}""")).Is(HttpStatusCode.Created);
        }

        (await api.PutAsync($"/v1/vms/{vm}/containers/d", """{"spec":{"vlan":20}}""")).IsProblem("addresses-exhausted");
    }

    [Fact]
    public async Task Another_network_or_port_name_is_another_row_of_the_northbound_database()
    {
        var (network, vm) = (await api.NetworkAsync("""{"subnet":"10.8.0.0/24"}"""), await api.VmAsync());
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        var first = await PortAsync(vm);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"enabled":false}}""")).IsSuccess();
        Assert.Equal(first, await PortAsync(vm));
        var moved = (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{"network":"{{{network}}}"}}""")).Is(HttpStatusCode.OK);
        Assert.StartsWith("10.8.0.", moved.Effective.GetProperty("ip").GetString(), StringComparison.Ordinal);
        var second = await PortAsync(vm);
        Assert.NotEqual(first, second);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{"network":"{{{network}}}","portName":"{{{vm}}}-other"}}""")).Is(
            HttpStatusCode.OK
        );
        Assert.NotEqual(second, await PortAsync(vm));
    }

    [Fact]
    public async Task A_vm_that_goes_to_another_network_takes_its_containers_along_unless_they_ask_for_one()
    {
        var (from, to) = (await api.NetworkAsync("""{"subnet":"10.10.0.0/24"}"""), await api.NetworkAsync("""{"subnet":"10.11.0.0/24"}"""));
        var vm = await api.VmAsync(from);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"network":"{{{from}}}"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{to}}}"}}""")).Is(HttpStatusCode.OK);
        Assert.StartsWith(
            "10.11.0.",
            (await api.GetAsync($"/v1/vms/{vm}")).Effective.GetProperty("ip").GetString(),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "10.11.0.",
            (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("ip").GetString(),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "10.10.0.",
            (await api.GetAsync($"/v1/vms/{vm}/containers/b")).Effective.GetProperty("ip").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_change_marks_everything_dirty_whose_rows_it_shapes()
    {
        var network = await api.NetworkAsync();
        var vm = await api.VmAsync(network);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        await using var db = api.Open();
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE networks SET reconciled_seq = dirty_seq; UPDATE vms SET reconciled_seq = dirty_seq;
                UPDATE containers SET reconciled_seq = dirty_seq
            """
        );
        (await api.PutAsync($"/v1/networks/{network}", """{"labels":{"a":"b"},"spec":{"subnet":"10.7.0.0/24"}}""")).IsSuccess();
        Assert.Equal(0, await DirtyAsync());
        (await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.7.0.0/24","dhcp":{"mtu":1400}}}""")).IsSuccess();
        Assert.Equal(3, await DirtyAsync());

        async Task<int> DirtyAsync() =>
            await db.Networks.CountAsync(n => n.Name == network && n.DirtySeq > n.ReconciledSeq)
            + await db.Vms.CountAsync(v => v.Name == vm && v.DirtySeq > v.ReconciledSeq)
            + await db.Containers.CountAsync(c => db.Vms.Any(v => v.Id == c.VmId && v.Name == vm) && c.DirtySeq > c.ReconciledSeq);
    }

    private async Task<Guid> PortAsync(string vm)
    {
        await using var db = api.Open();
        return await db.Containers.Where(c => db.Vms.Any(v => v.Id == c.VmId && v.Name == vm)).Select(c => c.PortUuid).SingleAsync();
    }
}
