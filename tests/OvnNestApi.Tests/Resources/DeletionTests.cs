using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Deletion, what depends on what, and new incarnations.</summary>
public sealed class DeletionTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_deleted_object_says_since_when_and_deleting_it_again_changes_nothing()
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
    public async Task What_is_not_there_is_404_or_204_if_that_is_welcome()
    {
        (await api.DeleteAsync("/v1/vms/none")).IsProblem("not-found");
        (await api.DeleteAsync("/v1/vms/none?allowMissing=true")).Is(HttpStatusCode.NoContent);
        (await api.DeleteAsync("/v1/vms/none/containers/none?allowMissing")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task An_object_in_use_names_its_dependents_and_stays()
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
            $"vm {vm}",
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
    public async Task A_cascade_takes_all_dependents_along()
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
    public async Task Nothing_new_comes_below_what_is_being_deleted()
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
    public async Task A_name_that_is_being_deleted_can_be_created_anew_and_has_what_it_had()
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
    public async Task A_vm_can_be_created_anew_while_it_is_being_deleted()
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
    public async Task A_container_that_asks_for_no_tag_gets_another_one_when_its_former_vms_is_not_to_be_had(string ranges, bool isReserved)
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
    public async Task A_host_that_owes_confirmations_is_in_use_until_it_is_forced()
    {
        var host = api.NewName("host");
        (await api.PutAsync($"/v1/hosts/{host}", "{}")).IsSuccess();
        var network = await api.NetworkAsync();
        var vm = api.NewName("vm");
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""")).Is(HttpStatusCode.Created);
        Assert.Contains($"vm {vm}", (await api.DeleteAsync($"/v1/hosts/{host}")).IsProblem("in-use").Text, StringComparison.Ordinal);
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}"}}""")).Is(HttpStatusCode.OK);
        (await api.DeleteAsync($"/v1/hosts/{host}")).IsProblem("in-use");
        Assert.Contains(
            await api.DeleteAsync($"/v1/hosts/{host}?force=true") is var forced ? forced.Status : 0,
            new[] { HttpStatusCode.Accepted, HttpStatusCode.NoContent }
        );
    }

    [Fact]
    public async Task A_wait_ends_with_the_state_or_with_the_time()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var created = (await api.PutAsync($"{path}?wait=1ms", "{}")).Is(HttpStatusCode.Accepted);
        Assert.Equal((path, created.ETag), (created.Headers["Location"], (await api.GetAsync(path)).ETag));
        (await api.GetAsync($"{path}/wait?for=ready&timeout=10ms")).IsProblem("wait-timeout");
        (await api.GetAsync($"{path}/wait?for=gone&timeout=10ms")).IsProblem("wait-timeout");
        (await api.GetAsync($"{path}/wait?for=good")).IsProblem("unknown-parameter");
        (await api.GetAsync("/v1/routers/none/wait?for=gone")).Is(HttpStatusCode.NoContent);
        (await api.GetAsync("/v1/routers/none/wait")).IsProblem("not-found");

        // Gone: as the reconciler's pass would make it, with the wait open meanwhile.
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
