using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Names of ports, devices, bridges, namespaces and switches.</summary>
public sealed class NameTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_device_name_has_at_most_fifteen_bytes_and_is_derived_from_the_name_of_the_resource()
    {
        var vm = await api.VmAsync();
        var fits = await api.PutAsync($"/v1/vms/{vm}/containers/fifteen-bytes-x", "{}");
        Assert.Equal("fifteen-bytes-x", Text(fits, "interface"));
        var tooLong = await api.PutAsync($"/v1/vms/{vm}/containers/sixteen-bytes-xx", "{}");
        Assert.Matches("^sixteen--[0-9a-f]{6}$", Text(tooLong, "interface"));
        Assert.Matches("^sixteen--[0-9a-f]{6}$", Text(tooLong, "namespace"));
        var longVm = api.NewName("a-very-long-name-of-a-vm");
        (await api.PutAsync($"/v1/vms/{longVm}", $$$"""{"spec":{"network":"{{{await api.NetworkAsync()}}}"}}""")).IsSuccess();
        Assert.Matches("^br-a-ver-[0-9a-f]{6}$", Text(await api.GetAsync($"/v1/vms/{longVm}"), "bridge"));
    }

    [Fact]
    public async Task A_device_name_that_another_resource_has_is_not_chosen_so_that_a_VM_can_move()
    {
        var (one, other) = (await api.VmAsync(), await api.VmAsync());
        var name = api.NewName("c");
        Assert.Equal(name, Text(await api.PutAsync($"/v1/vms/{one}/containers/{name}", "{}"), "interface"));
        var second = (await api.PutAsync($"/v1/vms/{other}/containers/{name}", "{}")).Is(HttpStatusCode.Created);
        Assert.Matches($"^{name}-[0-9a-f]{{6}}$", Text(second, "interface"));
        Assert.Matches($"^{name}-[0-9a-f]{{6}}$", Text(second, "namespace"));
    }

    [Fact]
    public async Task A_request_for_a_name_that_is_in_use_is_a_conflict_and_stores_nothing()
    {
        var (network, vm) = (await api.NetworkAsync(), await api.VmAsync());
        (
            await api.PutAsync(
                $"/v1/vms/{vm}/containers/a",
                $$$"""{"spec":{"portName":"{{{vm}}}-p","interface":"if-{{{vm}}}","namespace":"ns-{{{vm}}}"}}"""
            )
        ).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"portName":"{{{vm}}}-p"}}""")).IsProblem(
            "name-taken",
            "#/spec/portName"
        );
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"interface":"if-{{{vm}}}"}}""")).IsProblem(
            "name-taken",
            "#/spec/interface"
        );
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"interface":"br-{{{vm}}}"}}""")).IsProblem(
            "name-taken",
            "#/spec/interface"
        );
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"namespace":"ns-{{{vm}}}"}}""")).IsProblem(
            "name-taken",
            "#/spec/namespace"
        );
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{"network":"{{{network}}}","bridge":"br-int"}}""")).IsProblem(
            "name-taken",
            "#/spec/bridge"
        );
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{"network":"{{{network}}}","bridge":"lo"}}""")).IsProblem(
            "name-taken",
            "#/spec/bridge"
        );
        (await api.PutAsync("/v1/vms/v", $$$"""{"spec":{"network":"{{{network}}}","interface":"same","bridge":"same"}}""")).IsProblem(
            "name-taken",
            "#/spec/bridge"
        );
        (await api.PutAsync("/v1/networks/second", $$$$"""{"spec":{"switch":{"name":"{{{{network}}}}"}}}""")).IsProblem(
            "name-taken",
            "#/spec/switch"
        );
        Assert.Equal(rows, await api.RowsAsync());
        Assert.NotEqual("br-int", Text(await api.PutAsync("/v1/vms/int", $$$"""{"spec":{"network":"{{{network}}}"}}"""), "bridge"));
    }

    [Fact]
    public async Task A_default_port_name_that_is_in_use_gets_a_suffix()
    {
        var (network, vm) = (await api.NetworkAsync(), await api.VmAsync());
        var own = Text(await api.GetAsync($"/v1/vms/{vm}"), "network");
        (
            await api.PutAsync(
                $"/v1/vms/{vm}/containers/a",
                $$$"""{"spec":{"network":"{{{network}}}","portName":"{{{own}}}-{{{vm}}}-b"}}"""
            )
        ).IsSuccess();
        Assert.Matches($"^{own}-{vm}-b-[0-9a-f]{{6}}$", Text(await api.PutAsync($"/v1/vms/{vm}/containers/b", "{}"), "portName"));
    }

    [Fact]
    public async Task A_port_name_that_a_container_no_longer_uses_is_available_to_another_container()
    {
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{"portName":"{{{vm}}}-p"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{"portName":"{{{vm}}}-q"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"portName":"{{{vm}}}-p"}}""")).Is(HttpStatusCode.Created);
    }

    private static string? Text(ApiResponse answer, string field) => answer.Effective.GetProperty(field).GetString();
}
