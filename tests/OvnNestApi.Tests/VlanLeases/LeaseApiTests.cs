using System.Net;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.VlanLeases;

/// <summary>Reservation of tags by clients.</summary>
public sealed class LeaseApiTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    [Fact]
    public async Task A_repeated_reservation_of_an_owner_returns_the_same_lease()
    {
        await VmAsync("a1");
        var (status, first, _) = await ReserveAsync("a1", """{"owner":"web"}""");
        Assert.Equal(HttpStatusCode.Created, status);
        var (again, second, _) = await ReserveAsync("a1", """{"owner":"web"}""");
        Assert.Equal(HttpStatusCode.OK, again);
        Assert.Equal((string)first!["metadata"]!["id"]!, (string)second!["metadata"]!["id"]!);
        Assert.Equal("reserved", (string)second["status"]!["state"]!);
    }

    [Fact]
    public async Task Only_a_container_that_names_the_owner_gets_a_reserved_tag()
    {
        await VmAsync("a2");
        await api.PutAsync("/v1/vms/a2/vlan-leases/77", """{"owner":"web"}""");
        var (refused, problem, _) = await api.SendAsync(HttpMethod.Put, "/v1/vms/a2/containers/other", """{"spec":{"vlan":77}}""");
        Assert.Equal((HttpStatusCode.Conflict, "Tag 77 of a2 is reserved for web."), (refused, (string)problem!["detail"]!));

        var container = await api.PutAsync("/v1/vms/a2/containers/web", """{"lease":"web"}""");
        Assert.Equal(77, (int)container["status"]!["effective"]!["vlan"]!);
        var (_, lease, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/a2/vlan-leases/77");
        Assert.Equal(("bound", "web"), ((string)lease!["status"]!["state"]!, (string)lease["status"]!["container"]!));
        Assert.Equal(HttpStatusCode.Conflict, (await api.SendAsync(HttpMethod.Delete, "/v1/vms/a2/vlan-leases/77")).Status);
        Assert.Equal(
            "reference-missing",
            (string)(await api.SendAsync(HttpMethod.Put, "/v1/vms/a2/containers/x", """{"spec":{"lease":"none"}}""")).Body!["code"]!
        );
    }

    [Fact]
    public async Task A_write_with_the_ETag_of_a_former_grant_is_refused()
    {
        await VmAsync("a3");
        var (_, _, former) = await api.SendOkAsync(HttpMethod.Put, "/v1/vms/a3/vlan-leases/10", """{"spec":{"owner":"one"}}""");
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Delete, "/v1/vms/a3/vlan-leases/10", ifMatch: former)).Status
        );
        await api.PutAsync("/v1/vms/a3/vlan-leases/10", """{"owner":"two"}""");
        Assert.Equal(
            HttpStatusCode.PreconditionFailed,
            (await api.SendAsync(HttpMethod.Delete, "/v1/vms/a3/vlan-leases/10", ifMatch: former)).Status
        );
        Assert.Equal(
            HttpStatusCode.PreconditionFailed,
            (await api.SendAsync(HttpMethod.Put, "/v1/vms/a3/vlan-leases/10", """{"spec":{"owner":"one"}}""", ifMatch: former)).Status
        );
    }

    [Fact]
    public async Task A_reservation_expires_unless_it_is_renewed()
    {
        await VmAsync("a4");
        await api.PutAsync("/v1/vms/a4/vlan-leases/10", """{"owner":"short","ttl":"300ms"}""");
        await api.PutAsync("/v1/vms/a4/vlan-leases/11", """{"owner":"long","ttl":"1h"}""");
        await Eventually.Holds("the short reservation has expired", async () =>
            (await api.SendAsync(HttpMethod.Get, "/v1/vms/a4/vlan-leases/10")).Status == HttpStatusCode.NotFound
        );
        var renewed = await api.PutAsync("/v1/vms/a4/vlan-leases/11", """{"owner":"long","ttl":"2h"}""");
        Assert.True(
            DateTimeOffset.Parse((string)renewed["status"]!["expiresAt"]!, System.Globalization.CultureInfo.InvariantCulture)
                - DateTimeOffset.Parse((string)renewed["status"]!["since"]!, System.Globalization.CultureInfo.InvariantCulture)
                > TimeSpan.FromMinutes(90)
        );
    }

    [Fact]
    public async Task A_reservation_of_several_tags_gets_all_of_them_or_none()
    {
        await api.PutAsync("/v1/networks/several", """{"subnet":"10.7.0.0/24"}""");
        await api.PutAsync("/v1/vms/a5", """{"network":"several","vlanRanges":"100-104"}""");
        var (status, body, _) = await ReserveAsync("a5", """{"owner":"batch","count":3}""");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal([100, 101, 102], body!["items"]!.AsArray().Select(i => (int)i!["status"]!["tag"]!));
        Assert.Equal(["batch-1", "batch-2", "batch-3"], body["items"]!.AsArray().Select(i => (string)i!["spec"]!["owner"]!));
        var (refused, problem, _) = await ReserveAsync("a5", """{"owner":"more","count":3}""");
        Assert.Equal(
            (HttpStatusCode.Conflict, "3 tags of a5 were requested, but only 2 are free."),
            (refused, (string)problem!["detail"]!)
        );
        var (_, map, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/a5/vlan-map");
        Assert.Equal(("103-104", 3, 2), ((string)map!["free"]!, (int)map["counts"]!["reserved"]!, (int)map["counts"]!["free"]!));
    }

    [Fact]
    public async Task Readiness_counts_by_reason()
    {
        await VmAsync("a6");
        await api.PutAsync("/v1/vms/a6/containers/c1", "{}");
        await api.PutAsync("/v1/vms/a6/containers/c2", "{}");
        var (status, body, _) = await api.SendAsync(HttpMethod.Get, "/v1/readiness?vm=a6");
        Assert.Equal((HttpStatusCode.OK, 3, 0), (status, (int)body!["total"]!, (int)body["ready"]!));
        Assert.Equal(3, (int)body["reasons"]!["NorthboundUnreachable"]!);
        Assert.Equal(0, (int)(await api.SendOkAsync(HttpMethod.Get, "/v1/readiness?label=no=such")).Body!["total"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.SendAsync(HttpMethod.Get, "/v1/readiness?vmm=a6")).Status);
    }

    private async Task VmAsync(string name)
    {
        await api.PutAsync("/v1/networks/leases", """{"subnet":"10.6.0.0/24"}""");
        await api.PutAsync($"/v1/vms/{name}", """{"network":"leases"}""");
    }

    private Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonNode? Body, string? ETag)> ReserveAsync(string vm, string spec) =>
        api.SendAsync(HttpMethod.Post, $"/v1/vms/{vm}/vlan-leases", $"{{\"spec\":{spec}}}");
}
