using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Lists: pages and filters.</summary>
public sealed class ListTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Pages_contain_every_resource_once_in_the_order_of_names()
    {
        var vm = await api.VmAsync();
        var names = Enumerable.Range(0, 7).Select(i => (string?)$"c{i}").ToList();
        foreach (var name in names.AsEnumerable().Reverse())
        {
            (await api.PutAsync($"/v1/vms/{vm}/containers/{name}", "{}")).IsSuccess();
        }

        var (seen, url) = (new List<string?>(), $"/v1/vms/{vm}/containers?limit=3");
        while (url.Length > 0)
        {
            var page = (await api.GetAsync(url)).Is(HttpStatusCode.OK);
            seen.AddRange(Names(page));
            Assert.Equal(page.Headers.ContainsKey("Link"), page.Json.TryGetProperty("next", out _));
            url = page.Headers.TryGetValue("Link", out var link) ? link[1..link.IndexOf('>', StringComparison.Ordinal)] : "";
        }

        Assert.Equal(names, seen);
        (await api.GetAsync($"/v1/vms/{vm}/containers?cursor=nonsense")).IsProblem("cursor-invalid");
        (await api.GetAsync($"/v1/vms/{vm}/containers?cursor=bnVsbA")).IsProblem("cursor-invalid");
    }

    [Fact]
    public async Task Containers_of_all_VMs_are_found_by_their_properties()
    {
        var host = api.NewName("host");
        (await api.PutAsync($"/v1/hosts/{host}", "{}")).IsSuccess();
        var network = await api.NetworkAsync("""{"subnet":"10.20.0.0/24"}""");
        var vm = api.NewName("vm");
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""")).IsSuccess();
        (
            await api.PutAsync(
                $"/v1/vms/{vm}/containers/a",
                """{"labels":{"app":"web","tier":"front"},"spec":{"ip":"10.20.0.50","mac":"02:00:00:00:20:50","vlan":1050}}"""
            )
        ).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/b", """{"labels":{"app":"db"}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{await api.VmAsync()}/containers/c", "{}")).IsSuccess();

        foreach (
            var (query, expected) in new[]
            {
                ($"vm={vm}", "a b"),
                ($"network={network}", "a b"),
                ($"host={host}", "a b"),
                ("ip=10.20.0.50", "a"),
                ("mac=02:00:00:00:20:50", "a"),
                ("label=app=web", "a"),
                ("label=app%3Dweb,tier", "a"),
                ("label=app", "a b"),
                ("label=app=web,tier=back", ""),
                ("ready=true", ""),
                ($"ready=false&vm={vm}", "a b"),
                ($"reason=Ready&vm={vm}", ""),
                ("vlan=1050", "a"),
                ("vlan=1051", ""),
                ($"name=a&vm={vm}", "a"),
                ("vm=none", ""),
                ("network=none", ""),
                ("host=none", ""),
            }
        )
        {
            Assert.Equal(expected, string.Join(' ', Names((await api.GetAsync($"/v1/containers?{query}")).Is(HttpStatusCode.OK))));
        }

        Assert.Equal([vm], Names(await api.GetAsync($"/v1/vms?host={host}")));
    }

    [Fact]
    public async Task Every_list_of_resources_is_filtered_by_the_start_of_the_name()
    {
        var prefix = api.NewName("list");
        string[] names = [$"{prefix}-a", $"{prefix}-b", $"{prefix}z"];
        var vm = await api.VmAsync();
        var network = await api.NetworkAsync("""{"subnet":"10.21.0.0/24"}""");
        foreach (
            var (collection, body) in new[]
            {
                ("/v1/networks", "{}"),
                ("/v1/routers", "{}"),
                ("/v1/hosts", "{}"),
                ("/v1/vms", $$$"""{"spec":{"network":"{{{network}}}"}}"""),
                ($"/v1/vms/{vm}/containers", "{}"),
            }
        )
        {
            foreach (var name in names)
            {
                (await api.PutAsync($"{collection}/{name}", body)).IsSuccess();
            }

            Assert.Equal(names, Names(await api.GetAsync($"{collection}?name={prefix}")));
            Assert.Equal(names[..2], Names(await api.GetAsync($"{collection}?name={prefix}-")));
            Assert.Equal(names[2..], Names(await api.GetAsync($"{collection}?name={names[2]}")));
            Assert.Equal(names[1..2], Names(await api.GetAsync($"{collection}?name={prefix}-b&limit=1")));
            Assert.Empty(Names(await api.GetAsync($"{collection}?name={prefix}--")));
        }
    }

    [Theory]
    [InlineData("name=")]
    [InlineData("name=-a")]
    [InlineData("name=A")]
    [InlineData("name=a%25")]
    [InlineData("name=a_b")]
    [InlineData("name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-")]
    [InlineData("vlan=0")]
    [InlineData("vlan=4095")]
    [InlineData("vlan=x")]
    public async Task A_filter_with_an_impossible_value_is_refused(string query) =>
        (await api.GetAsync($"/v1/containers?{query}")).IsProblem("invalid-parameter");

    [Theory]
    [InlineData("ready")]
    [InlineData("%20Ready")]
    [InlineData("13")]
    [InlineData("HostPending,PortDown")]
    [InlineData("Deleting,Ready")]
    public async Task An_unknown_reason_is_refused(string reason) =>
        (await api.GetAsync($"/v1/vms?reason={reason}")).IsProblem("invalid-parameter");

    [Fact]
    public async Task The_number_of_queries_of_a_list_does_not_depend_on_its_length()
    {
        var vm = await api.VmAsync();
        for (var i = 0; i < 30; i++)
        {
            (await api.PutAsync($"/v1/vms/{vm}/containers/c{i}", "{}")).IsSuccess();
        }

        await StatementsAsync(1); // The first request also records the use of the key.
        Assert.Equal(await StatementsAsync(1), await StatementsAsync(30));

        async Task<int> StatementsAsync(int length)
        {
            using var counter = new StatementCounter();
            Assert.Equal(length, Names(await api.GetAsync($"/v1/vms/{vm}/containers?limit={length}")).Count());
            Assert.InRange(counter.Count, 1, 10);
            return counter.Count;
        }
    }

    [Fact]
    public async Task A_list_of_ready_resources_contains_only_resources_that_show_ready()
    {
        var network = await api.NetworkAsync();
        await using (var db = api.Open())
        {
            await OvnNestApi.Data.Sql.ExecuteAsync(
                db,
                "UPDATE networks SET reason = 'Ready', reconciled_seq = dirty_seq WHERE name = @name",
                default,
                ("name", network)
            );
        }

        // No reconciler reaches the northbound database here, so no resource is ready, whatever is stored.
        Assert.False((await api.GetAsync($"/v1/networks/{network}")).Json.GetProperty("status").GetProperty("ready").GetBoolean());
        Assert.Empty(Names(await api.GetAsync("/v1/networks?ready=true")));
        Assert.Contains(network, Names(await api.GetAsync("/v1/networks?reason=NorthboundUnreachable")));
        Assert.DoesNotContain(network, Names(await api.GetAsync("/v1/networks?reason=Ready")));
    }

    private static IEnumerable<string?> Names(ApiResponse answer) =>
        answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString());
}
