using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Deletion of resources and their dependents, and new incarnations.</summary>
public sealed class DeletionTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_resource_shows_since_when_it_is_being_deleted_and_a_second_DELETE_changes_nothing()
    {
        var path = $"/v1/vms/{await api.VmAsync()}";
        var first = (await api.DeleteAsync(path)).Is(HttpStatusCode.Accepted);
        Assert.Equal("Deleting", first.Json.GetProperty("status").GetProperty("reason").GetString());
        var rows = await api.RowsAsync();
        var again = (await api.DeleteAsync(path)).Is(HttpStatusCode.Accepted);
        Assert.Equal(first.Metadata.GetProperty("deletingSince").GetString(), again.Metadata.GetProperty("deletingSince").GetString());
        Assert.Equal(rows, await api.RowsAsync());
        (await api.PatchAsync(path, "{}")).IsProblem("being-deleted");
    }

    [Fact]
    public async Task A_DELETE_of_a_missing_resource_is_answered_with_404_or_with_204_if_that_is_allowed()
    {
        (await api.DeleteAsync("/v1/vms/none")).IsProblem("not-found");
        (await api.DeleteAsync("/v1/vms/none?allowMissing=true")).Is(HttpStatusCode.NoContent);
        (await api.DeleteAsync("/v1/vms/none/containers/none?allowMissing")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_resource_in_use_is_not_deleted_and_the_problem_names_its_dependents()
    {
        var router = api.NewName("router");
        (await api.PutAsync($"/v1/routers/{router}", "{}")).IsSuccess();
        var network = await api.NetworkAsync($$"""{"subnet":"10.7.0.0/24","router":"{{router}}"}""");
        var vm = await api.VmAsync(network);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        var rows = await api.RowsAsync();

        Assert.Contains(
            $"network {network}",
            (await api.DeleteAsync($"/v1/routers/{router}")).IsProblem("in-use").Json.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"VM {vm}",
            (await api.DeleteAsync($"/v1/networks/{network}")).IsProblem("in-use").Json.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"container {vm}/a",
            (await api.DeleteAsync($"/v1/vms/{vm}")).IsProblem("in-use").Json.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(rows, await api.RowsAsync());

        (await api.DeleteAsync($"/v1/vms/{vm}/containers/a")).Is(HttpStatusCode.Accepted);
        (await api.DeleteAsync($"/v1/vms/{vm}")).Is(HttpStatusCode.Accepted);
        (await api.DeleteAsync($"/v1/networks/{network}")).Is(HttpStatusCode.Accepted);
        (await api.DeleteAsync($"/v1/routers/{router}")).Is(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_cascade_deletes_all_dependents()
    {
        var network = await api.NetworkAsync();
        var vm = await api.VmAsync(network);
        var elsewhere = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{elsewhere}/containers/a", $$$"""{"spec":{"network":"{{{network}}}"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{elsewhere}/containers/b", "{}")).IsSuccess();

        (await api.DeleteAsync($"/v1/networks/{network}?cascade=true")).Is(HttpStatusCode.Accepted);

        Assert.True(
            await IsDeletingAsync($"/v1/vms/{vm}")
                && await IsDeletingAsync($"/v1/vms/{vm}/containers/a")
                && await IsDeletingAsync($"/v1/vms/{elsewhere}/containers/a")
        );
        Assert.False(await IsDeletingAsync($"/v1/vms/{elsewhere}") || await IsDeletingAsync($"/v1/vms/{elsewhere}/containers/b"));
        await using var db = api.Open();
        Assert.Equal(
            3,
            await db.Changes.CountAsync(change =>
                change.Action == "deleting" && (change.Vm == vm || change.Name == vm || change.Name == network)
            )
        );
    }

    [Fact]
    public async Task No_resource_can_be_created_below_one_that_is_being_deleted()
    {
        var network = await api.NetworkAsync();
        var vm = await api.VmAsync();
        (await api.DeleteAsync($"/v1/networks/{network}")).IsSuccess();
        (await api.DeleteAsync($"/v1/vms/{vm}")).IsSuccess();
        var rows = await api.RowsAsync();
        var answer = (await api.PutAsync("/v1/vms/new", $$$"""{"spec":{"network":"{{{network}}}"}}""")).IsProblem(
            "being-deleted",
            "#/spec/network"
        );
        Assert.True(answer.Json.GetProperty("retryable").GetBoolean());
        Assert.Equal("1", answer.Headers["Retry-After"]);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).IsProblem("being-deleted");
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_container_can_be_created_again_while_it_is_being_deleted_and_keeps_tag_addresses_and_names()
    {
        var vm = await api.VmAsync();
        var path = $"/v1/vms/{vm}/containers/a";
        var old = (await api.PutAsync(path, """{"spec":{"vlan":51}}""")).Is(HttpStatusCode.Created);
        (await api.DeleteAsync(path)).Is(HttpStatusCode.Accepted);
        var successor = (await api.PutAsync(path, """{"spec":{}}""")).Is(HttpStatusCode.Created);

        Assert.NotEqual(old.Metadata.GetProperty("id").GetString(), successor.Metadata.GetProperty("id").GetString());
        Assert.NotEqual(old.ETag, successor.ETag);
        foreach (var field in new[] { "vlan", "ip", "mac", "portName", "interface", "namespace" })
        {
            Assert.Equal(old.Effective.GetProperty(field).ToString(), successor.Effective.GetProperty(field).ToString());
        }

        Assert.Equal(successor.ETag, (await api.GetAsync(path)).ETag);
        Assert.Single((await api.GetAsync($"/v1/vms/{vm}/containers")).Json.GetProperty("items").EnumerateArray());
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", """{"spec":{"vlan":51}}""")).IsProblem("vlan-tag-taken", "#/spec/vlan");
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"ip":"{{{old.Effective.GetProperty("ip")}}}"}}""")).IsProblem(
            "address-taken",
            "#/spec/ip"
        );
        (
            await api.PutAsync($"/v1/vms/{vm}/containers/b", $$$"""{"spec":{"portName":"{{{old.Effective.GetProperty("portName")}}}"}}""")
        ).IsProblem("name-taken", "#/spec/portName");
    }

    [Fact]
    public async Task A_VM_can_be_created_again_while_it_is_being_deleted_and_keeps_addresses_and_names()
    {
        var vm = await api.VmAsync();
        var old = await api.GetAsync($"/v1/vms/{vm}");
        var oldContainer = await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":51}}""");
        (await api.DeleteAsync($"/v1/vms/{vm}?cascade=true")).Is(HttpStatusCode.Accepted);
        var successor = (
            await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{old.Effective.GetProperty("network")}}}"}}""")
        ).Is(HttpStatusCode.Created);
        foreach (var field in new[] { "ip", "mac", "portName", "interface", "namespace", "bridge" })
        {
            Assert.Equal(old.Effective.GetProperty(field).ToString(), successor.Effective.GetProperty(field).ToString());
        }

        var newContainer = (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).Is(HttpStatusCode.Created);
        foreach (var field in new[] { "vlan", "ip", "mac", "portName", "interface", "namespace" })
        {
            Assert.Equal(oldContainer.Effective.GetProperty(field).ToString(), newContainer.Effective.GetProperty(field).ToString());
        }

        Assert.Single((await api.GetAsync($"/v1/vms/{vm}/containers")).Json.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("2-4094", true)]
    [InlineData("100-199", false)]
    public async Task A_new_incarnation_of_a_container_gets_another_tag_if_the_former_one_is_not_available(string ranges, bool isReserved)
    {
        var vm = await api.VmAsync();
        var network = (await api.GetAsync($"/v1/vms/{vm}")).Effective.GetProperty("network");
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":51}}""")).Is(HttpStatusCode.Created);
        (await api.DeleteAsync($"/v1/vms/{vm}?cascade=true")).Is(HttpStatusCode.Accepted);
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","vlanRanges":"{{{ranges}}}"}}""")).Is(
            HttpStatusCode.Created
        );
        if (isReserved)
        {
            (await api.PutAsync($"/v1/vms/{vm}/vlan-leases/51", """{"spec":{"owner":"web"}}""")).Is(HttpStatusCode.Created);
        }

        var container = (await api.PutAsync($"/v1/vms/{vm}/containers/a", "{}")).Is(HttpStatusCode.Created);
        Assert.Equal(isReserved ? 2 : 100, container.Effective.GetProperty("vlan").GetInt32());
    }

    [Fact]
    public async Task A_host_with_unconfirmed_removals_is_in_use_and_can_be_deleted_by_force()
    {
        var host = api.NewName("host");
        (await api.PutAsync($"/v1/hosts/{host}", "{}")).IsSuccess();
        var network = await api.NetworkAsync();
        var vm = api.NewName("vm");
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""")).Is(HttpStatusCode.Created);
        Assert.Contains($"VM {vm}", (await api.DeleteAsync($"/v1/hosts/{host}")).IsProblem("in-use").Text, StringComparison.Ordinal);
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}"}}""")).Is(HttpStatusCode.OK);
        (await api.DeleteAsync($"/v1/hosts/{host}")).IsProblem("in-use");
        Assert.Contains(
            await api.DeleteAsync($"/v1/hosts/{host}?force=true") is var forced ? forced.Status : 0,
            new[] { HttpStatusCode.Accepted, HttpStatusCode.NoContent }
        );
    }

    [Fact]
    public async Task A_wait_ends_when_the_state_is_reached_or_the_time_is_over()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var created = (await api.PutAsync($"{path}?wait=1ms", "{}")).Is(HttpStatusCode.Accepted);
        Assert.Equal((path, created.ETag), (created.Headers["Location"], (await api.GetAsync(path)).ETag));
        (await api.GetAsync($"{path}/wait?for=ready&timeout=10ms")).IsProblem("wait-timeout");
        (await api.GetAsync($"{path}/wait?for=gone&timeout=10ms")).IsProblem("wait-timeout");
        (await api.GetAsync($"{path}/wait?for=good")).IsProblem("invalid-parameter");
        (await api.GetAsync("/v1/routers/none/wait?for=gone")).Is(HttpStatusCode.NoContent);
        (await api.GetAsync("/v1/routers/none/wait")).IsProblem("not-found");

        // The row is deleted as a pass of the reconciler does it, while the request waits.
        var waiting = api.DeleteAsync($"{path}?wait=30s");
        await TestServers.Eventually.Holds("the router is being deleted", () => IsDeletingAsync(path));
        await using (var db = api.Open())
        {
            await db.Routers.Where(router => router.Name == path.Split('/', StringSplitOptions.None)[3]).ExecuteDeleteAsync();
        }

        (await waiting).Is(HttpStatusCode.NoContent);
    }

    private async Task<bool> IsDeletingAsync(string path) =>
        (await api.GetAsync(path)).Metadata.GetProperty("deletingSince").ValueKind != JsonValueKind.Null;
}
