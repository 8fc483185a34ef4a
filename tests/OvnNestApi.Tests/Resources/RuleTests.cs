using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Rules for the fields of VMs and containers.</summary>
public sealed class RuleTests(TestApi api) : IClassFixture<TestApi>
{
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
    [InlineData("""{"allowedAddresses":["10.7.0.9","10.7.0.256"]}""", "#/spec/allowedAddresses/1")]
    [InlineData("""{"allowedAddresses":["10.7.0.9/24"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["10.7.0.9/32"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["0.0.0.0/0"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["02:00:00:00:00:01"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["10.7.0.9 02:00:00:00:00:01"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["01:00:5e:00:00:01 10.7.0.9"]}""", "#/spec/allowedAddresses/0")]
    [InlineData("""{"allowedAddresses":["10.7.0.9","10.7.0.9"]}""", "#/spec/allowedAddresses/1")]
    [InlineData("""{"allowedAddresses":["10.7.0.9"],"portSecurity":false}""", "#/spec/allowedAddresses")]
    [InlineData("""{"unknownAddresses":true}""", "#/spec/unknownAddresses")]
    [InlineData("""{"hostname":""}""", "#/spec/hostname")]
    [InlineData("""{"hostname":"-c51"}""", "#/spec/hostname")]
    [InlineData("""{"hostname":"c51."}""", "#/spec/hostname")]
    [InlineData("""{"hostname":"c 51"}""", "#/spec/hostname")]
    [InlineData("""{"hostname":"c51\nx"}""", "#/spec/hostname")]
    [InlineData("""{"hostname":"a1234567890123456789012345678901234567890123456789012345678901234"}""", "#/spec/hostname")]
    public async Task An_invalid_field_of_a_port_is_refused_with_its_pointer(string spec, string pointer)
    {
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
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
    public async Task An_invalid_VM_is_refused(string spec, string pointer)
    {
        (await api.PutAsync("/v1/networks/n", "{}")).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_body_without_a_spec_is_refused_if_the_spec_has_a_required_field() =>
        (await api.PutAsync("/v1/vms/v", "{}")).IsProblem("validation-failed", "#/spec/network");

    [Fact]
    public async Task A_resource_that_a_field_refers_to_must_exist()
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
    public async Task Two_containers_have_the_same_tag_only_in_different_VMs()
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
    public async Task A_container_is_refused_if_no_tag_or_no_address_is_free()
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
    public async Task A_container_gets_another_row_in_the_NB_if_its_network_or_port_name_changes()
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
    public async Task The_containers_of_a_VM_move_with_it_to_another_network_unless_they_name_their_network()
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
    public async Task A_change_marks_every_resource_dirty_whose_rows_depend_on_it()
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
