using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.VlanLeases;

/// <summary>Which writes of leases are allowed.</summary>
public sealed class LeaseRuleTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    [Theory]
    [InlineData("""{"owner":"web","ttl":"0s"}""", "#/spec/ttl")]
    [InlineData("""{"owner":"web","ttl":"-5m"}""", "#/spec/ttl")]
    [InlineData("""{"owner":"web","ttl":"9999999d"}""", "#/spec/ttl")]
    [InlineData("""{"owner":"web","ttl":"30m\n"}""", "#/spec/ttl")]
    [InlineData("""{"owner":"web","ttl":30}""", "#/spec/ttl")]
    [InlineData("""{"owner":"a\u0007b"}""", "#/spec/owner")]
    [InlineData("""{"owner":"web\n"}""", "#/spec/owner")]
    [InlineData("""{"owner":""}""", "#/spec/owner")]
    [InlineData("""{"ttl":"5m"}""", "#/spec/owner")]
    [InlineData("""{"owner":"web","count":0}""", "#/spec/count")]
    [InlineData("""{"owner":"web","count":4095}""", "#/spec/count")]
    [InlineData("""{"owner":"LONG","count":10}""", "#/spec/owner")]
    public async Task An_invalid_reservation_is_refused_with_a_pointer(string spec, string pointer)
    {
        await VmAsync("r1");
        spec = spec.Replace("LONG", new string('x', 127), StringComparison.Ordinal);
        var (status, problem, _) = await api.SendAsync(HttpMethod.Post, "/v1/vms/r1/vlan-leases", $"{{\"spec\":{spec}}}");
        Assert.Equal((HttpStatusCode.BadRequest, "validation-failed"), (status, (string)problem!["code"]!));
        Assert.Equal(pointer, (string)problem["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task The_longest_time_and_the_longest_owner_are_accepted()
    {
        await VmAsync("r2");
        var lease = await api.PutAsync("/v1/vms/r2/vlan-leases/1", $"{{\"owner\":\"{new string('~', 128)}\",\"ttl\":\"3650d\"}}");
        Assert.NotNull(lease["status"]!["expiresAt"]);
    }

    [Fact]
    public async Task A_reserved_tag_is_refused_to_another_owner_and_an_owner_has_at_most_one_tag()
    {
        await VmAsync("r3");
        await api.PutAsync("/v1/vms/r3/vlan-leases/10", """{"owner":"web"}""");
        var (status, problem, _) = await api.SendAsync(HttpMethod.Put, "/v1/vms/r3/vlan-leases/10", """{"spec":{"owner":"db"}}""");
        Assert.Equal(
            (HttpStatusCode.Conflict, "vlan-tag-taken", "Tag 10 of r3 is reserved for web."),
            (status, (string)problem!["code"]!, (string)problem["detail"]!)
        );
        (status, problem, _) = await api.SendAsync(HttpMethod.Put, "/v1/vms/r3/vlan-leases/11", """{"spec":{"owner":"web"}}""");
        Assert.Equal((HttpStatusCode.Conflict, "web has tag 10 of r3 (reserved)."), (status, (string)problem!["detail"]!));

        await api.PutAsync("/v1/vms/r3/containers/web", """{"lease":"web"}""");
        (status, problem, _) = await api.SendAsync(HttpMethod.Put, "/v1/vms/r3/vlan-leases/11", """{"spec":{"owner":"web"}}""");
        Assert.Equal((HttpStatusCode.Conflict, "web has tag 10 of r3 (bound)."), (status, (string)problem!["detail"]!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?force=true")]
    public async Task A_lease_that_is_bound_to_a_container_cannot_be_deleted(string force)
    {
        await VmAsync("r4");
        await api.PutAsync("/v1/vms/r4/containers/c51", """{"vlan":51}""");
        var (status, problem, _) = await api.SendAsync(HttpMethod.Delete, $"/v1/vms/r4/vlan-leases/51{force}");
        Assert.Equal((HttpStatusCode.Conflict, "in-use"), (status, (string)problem!["code"]!));
        Assert.Contains("container c51", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Equal("bound", await StateAsync("r4", 51));
    }

    [Fact]
    public async Task A_second_DELETE_of_a_lease_changes_nothing()
    {
        await VmAsync("r5");
        await api.PutAsync("/v1/vms/r5/vlan-leases/10", """{"owner":"web"}""");
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r5/vlan-leases/10")).Status);
        await api.PutAsync("/v1/vms/r5/vlan-leases/11", """{"owner":"web"}""");
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r5/vlan-leases/10")).Status);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r5/vlan-leases/10?allowMissing=true")).Status
        );
        Assert.Equal("reserved", await StateAsync("r5", 11));

        await DrainingAsync("r5", "c51", 51);
        var (first, one, tag) = await api.SendAsync(HttpMethod.Delete, "/v1/vms/r5/vlan-leases/51");
        var (second, two, again) = await api.SendAsync(HttpMethod.Delete, "/v1/vms/r5/vlan-leases/51");
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted, tag), (first, second, again));
        Assert.Equal(one!.ToJsonString(), two!.ToJsonString());
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM changes WHERE kind = 'vlan-lease' AND vm = 'r5' AND name = '51'"));
    }

    [Fact]
    public async Task A_dry_run_stores_nothing()
    {
        await VmAsync("r6");
        await api.PutAsync("/v1/vms/r6/vlan-leases/10", """{"owner":"web"}""");
        Assert.Equal(
            HttpStatusCode.Created,
            (await api.SendAsync(HttpMethod.Post, "/v1/vms/r6/vlan-leases?dryRun=true", """{"spec":{"owner":"db","count":3}}""")).Status
        );
        Assert.Equal(
            HttpStatusCode.Created,
            (await api.SendAsync(HttpMethod.Put, "/v1/vms/r6/vlan-leases/20?dryRun=true", """{"spec":{"owner":"db"}}""")).Status
        );
        Assert.Equal(
            HttpStatusCode.Conflict,
            (await api.SendAsync(HttpMethod.Put, "/v1/vms/r6/vlan-leases/10?dryRun=true", """{"spec":{"owner":"db"}}""")).Status
        );
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r6/vlan-leases/10?dryRun=true")).Status);
        var (_, all, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/r6/vlan-leases");
        Assert.Equal([10], all!["items"]!.AsArray().Select(lease => (int)lease!["status"]!["tag"]!));
    }

    [Fact]
    public async Task Only_an_admin_can_force_the_release_of_a_tag_which_still_waits_for_the_NB_and_is_logged()
    {
        await VmAsync("r7");
        await DrainingAsync("r7", "c51", 51);
        var editor = await KeyAsync("editor");
        var (refused, problem, _) = await api.SendAsync(HttpMethod.Delete, "/v1/vms/r7/vlan-leases/51?force=true", key: editor);
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (refused, (string)problem!["code"]!));

        // No host has got the tag, so its release waits for all chassis, of which one may never respond. It still waits for the NB.
        Assert.Equal(HttpStatusCode.Accepted, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r7/vlan-leases/51?force=true")).Status);
        Assert.Equal("draining", await StateAsync("r7", 51));
        await SqlAsync(
            """
            UPDATE vlan_leases SET drain_nb_cfg = 7, awaits_all_chassis = true WHERE tag = 51 AND vm_id = (SELECT id FROM vms
                WHERE name = 'r7')
            """
        );
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/r7/vlan-leases/51?force=true")).Status);
        Assert.Null(await StateAsync("r7", 51));
        Assert.Equal(
            2,
            await CountAsync(
                """
                SELECT count(*) FROM changes WHERE kind = 'vlan-lease' AND vm = 'r7' AND name = '51' AND action = 'forced'
                    AND by = 'key:admin'
                """
            )
        );
    }

    [Fact]
    public async Task A_forced_DELETE_of_a_container_that_is_already_being_deleted_is_logged()
    {
        await VmAsync("r10");
        await DrainingAsync("r10", "c51", 51);
        await api.SendOkAsync(HttpMethod.Delete, "/v1/vms/r10/containers/c51?force=true");
        Assert.Equal(
            1,
            await CountAsync(
                """
                SELECT count(*) FROM changes WHERE kind = 'container' AND vm = 'r10' AND name = 'c51' AND action = 'forced'
                    AND by = 'key:admin' AND request_id IS NOT NULL
                """
            )
        );
    }

    [Fact]
    public async Task Ranges_that_exclude_a_tag_in_use_are_refused_and_the_problem_names_the_holders()
    {
        await VmAsync("r8");
        await api.PutAsync("/v1/vms/r8/containers/c51", """{"vlan":51}""");
        await api.PutAsync("/v1/vms/r8/vlan-leases/60", """{"owner":"web"}""");
        await api.PutAsync("/v1/vms/r8/vlan-leases/1", """{"owner":"outside"}""");
        var (status, problem, _) = await api.SendAsync(
            HttpMethod.Put,
            "/v1/vms/r8",
            """{"spec":{"network":"rules","vlanRanges":"100-199,300"}}"""
        );
        Assert.Equal(
            (HttpStatusCode.Conflict, "immutable", "#/spec/vlanRanges"),
            (status, (string)problem!["code"]!, (string)problem["errors"]![0]!["pointer"]!)
        );
        Assert.Equal(
            "The ranges do not contain tags that are in use: 51 (container c51), 60 (reserved for web).",
            (string)problem["detail"]!
        );

        // A tag that was requested by its number may be outside the ranges.
        await api.PutAsync("/v1/vms/r8", """{"network":"rules","vlanRanges":"51,60,100-199,300"}""");
        await api.PutAsync("/v1/vms/r8", """{"network":"rules"}""");
    }

    [Fact]
    public async Task The_leases_of_a_VM_are_deleted_with_it()
    {
        await VmAsync("r9");
        await api.PutAsync("/v1/vms/r9/vlan-leases/10", """{"owner":"web"}""");
        await api.SendOkAsync(HttpMethod.Delete, "/v1/vms/r9?cascade=true");
        var (status, problem, _) = await api.SendAsync(HttpMethod.Post, "/v1/vms/r9/vlan-leases", """{"spec":{"owner":"late"}}""");
        Assert.Equal((HttpStatusCode.Conflict, "being-deleted"), (status, (string)problem!["code"]!));
        await SqlAsync("UPDATE vms SET reconciled_seq = dirty_seq WHERE name = 'r9'");
        await Eventually.Holds("the VM is gone", async () =>
            (await api.SendAsync(HttpMethod.Get, "/v1/vms/r9")).Status == HttpStatusCode.NotFound
        );
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM vlan_leases WHERE vm_id NOT IN (SELECT id FROM vms)"));
    }

    private async Task VmAsync(string name)
    {
        await api.PutAsync("/v1/networks/rules", """{"subnet":"10.8.0.0/24"}""");
        await api.PutAsync($"/v1/vms/{name}", """{"network":"rules"}""");
    }

    private async Task DrainingAsync(string vm, string container, int tag)
    {
        await api.PutAsync($"/v1/vms/{vm}/containers/{container}", $"{{\"vlan\":{tag}}}");
        await api.SendOkAsync(HttpMethod.Delete, $"/v1/vms/{vm}/containers/{container}");
    }

    /// <summary>Returns the state of a tag; null if the tag is free.</summary>
    private async Task<string?> StateAsync(string vm, int tag)
    {
        var (status, lease, _) = await api.SendAsync(HttpMethod.Get, $"/v1/vms/{vm}/vlan-leases/{tag}");
        return status == HttpStatusCode.NotFound ? null : (string)lease!["status"]!["state"]!;
    }

    private async Task<string> KeyAsync(string role)
    {
        var (_, key, _) = await api.SendOkAsync(
            HttpMethod.Post,
            "/v1/api-keys",
            new JsonObject { ["name"] = $"leases-{role}", ["role"] = role }.ToJsonString()
        );
        return (string)key!["key"]!;
    }

    private async Task SqlAsync(string statement)
    {
        await using var database = NpgsqlDataSource.Create(api.Database);
        await using var command = database.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync(string query)
    {
        await using var database = NpgsqlDataSource.Create(api.Database);
        await using var command = database.CreateCommand(query);
        return (long)(await command.ExecuteScalarAsync() ?? -1L);
    }
}
