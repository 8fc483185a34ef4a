using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>What all resources have in common: creating, reading, replacing and patching.</summary>
public sealed class ResourceTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task The_example_lab_of_the_documentation_is_created_with_a_few_requests_and_without_an_NB()
    {
        (await api.PutAsync("/v1/routers/tenant1", """{"spec":{}}""")).Is(HttpStatusCode.Created);
        (
            await api.PutAsync(
                "/v1/networks/dmz",
                """{"spec":{"subnet":"172.16.255.128/26","gatewayMac":"02:ac:10:ff:01:29","router":"tenant1"}}"""
            )
        ).Is(HttpStatusCode.Created);
        (await api.PutAsync("/v1/hosts/ubuntu2", """{"spec":{}}""")).Is(HttpStatusCode.Created);
        (
            await api.PutAsync(
                "/v1/vms/vm5",
                """{"spec":{"network":"dmz","host":"ubuntu2","mac":"02:ac:10:ff:01:32","ip":"172.16.255.132"}}"""
            )
        ).Is(HttpStatusCode.Created);
        var c51 = (
            await api.PutAsync(
                "/v1/vms/vm5/containers/c51",
                """{"labels":{"app":"web"},"spec":{"portName":"dmz-c51","mac":"02:ac:10:ff:01:33","ip":"172.16.255.133","vlan":51}}"""
            )
        ).Is(HttpStatusCode.Created);

        Assert.Equal("/v1/vms/vm5/containers/c51", c51.Headers["Location"]);
        Assert.Equal("no-store", c51.Headers["Cache-Control"]);
        Assert.Equal(
            ("dmz", "02:ac:10:ff:01:33", "172.16.255.133", 51, 1442, "dmz-c51", "c51", "c51", "dhcp", "namespace"),
            (
                Text(c51, "network"),
                Text(c51, "mac"),
                Text(c51, "ip"),
                c51.Effective.GetProperty("vlan").GetInt32(),
                c51.Effective.GetProperty("mtu").GetInt32(),
                Text(c51, "portName"),
                Text(c51, "interface"),
                Text(c51, "namespace"),
                Text(c51, "addressing"),
                Text(c51, "workload")
            )
        );
        Assert.Equal(
            ("container", "vm5", 1, 1),
            (
                c51.Metadata.GetProperty("kind").GetString(),
                c51.Metadata.GetProperty("vm").GetString(),
                c51.Metadata.GetProperty("revision").GetInt32(),
                c51.Metadata.GetProperty("generation").GetInt32()
            )
        );
        var dmz = await api.GetAsync("/v1/networks/dmz");
        Assert.Equal(("172.16.255.129", "tenant1"), (Text(dmz, "gateway"), Text(dmz, "router")));
        Assert.Equal("br-vm5", Text(await api.GetAsync("/v1/vms/vm5"), "bridge"));
        Assert.Equal("dmz-vm5", Text(await api.GetAsync("/v1/vms/vm5"), "portName"));
    }

    [Fact]
    public async Task The_spec_is_returned_as_it_was_sent_without_values_of_the_server()
    {
        var vm = await api.VmAsync();
        var sent = """{"ip":null,"mac":"0A:AC:10:ff:01:33","vlan":77}""";
        var answer = await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{{{sent}}}}""");
        Assert.Equal(sent, answer.Json.GetProperty("spec").GetRawText());
        Assert.Equal("0a:ac:10:ff:01:33", answer.Effective.GetProperty("mac").GetString());
        Assert.False(answer.Json.TryGetProperty("labels", out _));
        Assert.False(answer.Json.TryGetProperty("description", out _));
        Assert.Equal(sent, (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Json.GetProperty("spec").GetRawText());
    }

    [Fact]
    public async Task A_PUT_of_a_resource_as_it_was_read_changes_nothing()
    {
        var vm = await api.VmAsync();
        var created = (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"description":"b","labels":{"x":"y"},"spec":{}}""")).Is(
            HttpStatusCode.Created
        );
        var rows = await api.RowsAsync();

        var again = (await api.PutAsync($"/v1/vms/{vm}/containers/a", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Text)).Is(
            HttpStatusCode.OK
        );

        Assert.Equal(created.ETag, again.ETag);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_change_of_labels_increments_the_revision_and_a_change_of_the_spec_also_the_generation()
    {
        var path = $"/v1/vms/{await api.VmAsync()}/containers/a";
        (await api.PutAsync(path, """{"spec":{}}""")).IsSuccess();
        Assert.Equal((2, 1), Versions(await api.PutAsync(path, """{"labels":{"a":"b"},"spec":{}}""")));
        Assert.Equal((3, 2), Versions(await api.PutAsync(path, """{"labels":{"a":"b"},"spec":{"enabled":false}}""")));

        static (int, int) Versions(ApiResponse answer) =>
            (answer.Metadata.GetProperty("revision").GetInt32(), answer.Metadata.GetProperty("generation").GetInt32());
    }

    [Fact]
    public async Task Addresses_names_and_tag_stay_in_effect_when_a_later_request_no_longer_names_them()
    {
        var path = $"/v1/vms/{await api.VmAsync()}/containers/a";
        var asked = await api.PutAsync(
            path,
            """{"spec":{"vlan":60,"ip":"10.7.0.9","mac":"02:00:00:00:00:09","portName":"asked","interface":"eth9","enabled":false}}"""
        );
        var dropped = (await api.PutAsync(path, """{"spec":{}}""")).Is(HttpStatusCode.OK);
        foreach (var field in new[] { "ip", "mac", "portName", "interface" })
        {
            Assert.Equal(Text(asked, field), Text(dropped, field));
        }

        Assert.Equal(60, dropped.Effective.GetProperty("vlan").GetInt32());
        Assert.True(dropped.Effective.GetProperty("enabled").GetBoolean(), "a default applies again at once");
    }

    [Fact]
    public async Task A_POST_creates_a_resource_and_is_refused_if_the_name_is_in_use()
    {
        var (vm, rows) = (await api.VmAsync(), "");
        var created = (await api.PostAsync($"/v1/vms/{vm}/containers", """{"name":"a","spec":{}}""")).Is(HttpStatusCode.Created);
        Assert.Equal($"/v1/vms/{vm}/containers/a", created.Headers["Location"]);
        rows = await api.RowsAsync();
        (await api.PostAsync($"/v1/vms/{vm}/containers", """{"name":"a","spec":{}}""")).IsProblem("already-exists", "#/name");
        (await api.PostAsync($"/v1/vms/{vm}/containers", """{"spec":{}}""")).IsProblem("validation-failed", "#/name");
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_patch_merges_and_its_result_is_checked_as_a_whole()
    {
        var path = $"/v1/vms/{await api.VmAsync()}/containers/a";
        (await api.PutAsync(path, """{"labels":{"a":"1","b":"2"},"spec":{"vlan":70,"enabled":false}}""")).IsSuccess();
        var patched = (await api.PatchAsync(path, """{"labels":{"a":null,"c":"3"},"spec":{"enabled":null}}""")).Is(HttpStatusCode.OK);
        Assert.Equal("""{"b":"2","c":"3"}""", patched.Json.GetProperty("labels").GetRawText());
        Assert.Equal("""{"vlan":70}""", patched.Json.GetProperty("spec").GetRawText());
        (await api.PatchAsync(path, """{"spec":{"vlan":"70"}}""")).IsProblem("validation-failed", "#/spec/vlan");
        var wrongType = (await api.SendAsync(HttpMethod.Patch, path, """{"spec":{}}""")).IsProblem("unsupported-media-type");
        Assert.Equal("application/merge-patch+json", wrongType.Headers["Accept-Patch"]);
        (await api.PatchAsync($"{path}b", "{}")).IsProblem("not-found");
    }

    [Fact]
    public async Task Every_URL_that_supports_GET_supports_HEAD()
    {
        var vm = await api.VmAsync();
        foreach (var path in new[] { $"/v1/vms/{vm}", "/v1/vms", "/v1", "/livez", "/readyz", "/v1/me" })
        {
            var get = (await api.GetAsync(path)).Is(HttpStatusCode.OK);
            var head = (await api.SendAsync(HttpMethod.Head, path, null)).Is(HttpStatusCode.OK);
            Assert.Equal(
                (get.Headers["Content-Type"], true, ""),
                (head.Headers["Content-Type"], head.Headers.ContainsKey("Content-Length"), head.Text)
            );
        }
    }

    [Fact]
    public async Task A_dry_run_has_the_same_response_and_stores_nothing()
    {
        var vm = await api.VmAsync();
        var rows = await api.RowsAsync();
        var dry = (await api.PutAsync($"/v1/vms/{vm}/containers/a?dryRun=true", """{"spec":{"vlan":9}}""")).Is(HttpStatusCode.Created);
        Assert.Equal(9, dry.Effective.GetProperty("vlan").GetInt32());
        (await api.DeleteAsync($"/v1/vms/{vm}?dryRun=true")).Is(HttpStatusCode.Accepted);
        Assert.Equal(rows, await api.RowsAsync());
        Assert.Equal(JsonValueKind.Null, (await api.GetAsync($"/v1/vms/{vm}")).Metadata.GetProperty("deletingSince").ValueKind);
        (await api.GetAsync($"/v1/vms/{vm}/containers/a")).IsProblem("not-found");
    }

    [Fact]
    public async Task Concurrent_PUTs_of_one_name_create_one_resource()
    {
        var path = $"/v1/vms/{await api.VmAsync()}/containers/a";
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => api.PutAsync(path, """{"spec":{}}""")));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(15, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        await using var db = api.Open();
        Assert.Equal(1, await db.VlanLeases.CountAsync(lease => lease.VmId == db.Vms.First(vm => vm.Name == path.Split('/')[3]).Id));
    }

    private static string? Text(ApiResponse answer, string field) => answer.Effective.GetProperty(field).GetString();
}
