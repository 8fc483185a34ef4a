using System.Net;
using System.Text.Json;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Manifests;

/// <summary>A manifest creates, replaces and deletes many resources with one request, all or none.</summary>
public sealed class ManifestTests(TestApi api) : IClassFixture<TestApi>
{
    private const string Path = "/v1/manifests";

    [Fact]
    public async Task Resources_of_a_manifest_can_refer_to_each_other_in_any_order()
    {
        var items = Lab("m1");
        var created = (await ApplyAsync([.. items.Reverse()])).Is(HttpStatusCode.OK);
        Assert.All(Actions(created), action => Assert.Equal("created", action));
        Assert.Equal(51, (await api.GetAsync("/v1/vms/m1-vm/containers/m1-c51")).Effective.GetProperty("vlan").GetInt32());

        var before = await api.RowsAsync();
        var repeated = (await ApplyAsync(items)).Is(HttpStatusCode.OK);
        Assert.All(Actions(repeated), action => Assert.Equal("unchanged", action));
        Assert.Equal(before, await api.RowsAsync());
    }

    [Fact]
    public async Task A_manifest_stores_all_resources_or_none_and_reports_the_errors_of_all()
    {
        var vm = await api.VmAsync();
        var before = await api.RowsAsync();
        var refused = await ApplyAsync(
            Container(vm, "a", """{"vlan":7}"""),
            Container(vm, "b", """{"vlan":5000}"""),
            Container(vm, "c", """{"ip":"10.7.0.900","surprise":1}"""),
            """{"kind":"switch","name":"x"}""",
            """{"kind":"container","name":"x"}"""
        );
        refused.IsProblem(
            "validation-failed",
            "#/items/1/spec/vlan",
            "#/items/2/spec/ip",
            "#/items/2/spec/surprise",
            "#/items/3/kind",
            "#/items/4/vm"
        );
        var conflicts = await ApplyAsync(
            Container(vm, "a", """{"vlan":7}"""),
            Container(vm, "b", """{"vlan":7}"""),
            Container(vm, "c", """{"vlan":8,"network":"nosuch"}""")
        );
        conflicts.IsProblem("reference-missing", "#/items/2/spec/network");
        (await ApplyAsync(Container(vm, "a", """{"vlan":7}"""), Container(vm, "b", """{"vlan":7}"""))).IsProblem(
            "vlan-tag-taken",
            "#/items/1/spec/vlan"
        );
        (await ApplyAsync(Container("nosuch", "a", "{}"))).IsProblem("reference-missing", "#/items/0/vm");
        Assert.Equal(before, await api.RowsAsync());
    }

    [Fact]
    public async Task A_resource_can_be_in_a_manifest_only_once()
    {
        var vm = await api.VmAsync();
        (await ApplyAsync(Container(vm, "a", "{}"), Container(vm, "a", "{}"))).IsProblem("validation-failed", "#/items/1/name");
    }

    [Theory]
    [InlineData("[]", "#")]
    [InlineData("{}", "#/items")]
    [InlineData("""{"items":{}}""", "#/items")]
    [InlineData("""{"items":[],"more":1}""", "#/more")]
    [InlineData("""{"items":[7]}""", "#/items/0")]
    [InlineData("""{"items":[{"kind":"network","vm":"vm5","name":"n"}]}""", "#/items/0/vm")]
    [InlineData("""{"items":[{"kind":"network","vm":7,"name":"n"}]}""", "#/items/0/vm")]
    [InlineData("""{"items":[{"kind":"network","kind":"vm","name":"n"}]}""", "#/items/0/kind")]
    [InlineData("""{"items":[{"kind":"network"}]}""", "#/items/0/name")]
    [InlineData("""{"items":[{"kind":"network","name":"No"}]}""", "#/items/0/name")]
    [InlineData("""{"items":[{"kind":"network","name":"\ud800"}]}""", "#/items/0/name")]
    [InlineData("""{"items":[{"kind":"network","name":"n","description":"\ud800"}]}""", "#/items/0/description")]
    [InlineData("""{"items":[{"kind":"\ud800","name":"n"}]}""", "#/items/0/kind")]
    [InlineData("""{"items":[{"kind":"network","name":"n","\ud800":1}]}""", "#/items/0")]
    [InlineData("""{"items":[],"\ud800":1}""", "#")]
    [InlineData("""{"items":[{"kind":"network","name":"n","metadata":{"id":"\ud800"}}]}""", "#/items/0/metadata/id")]
    [InlineData("""{"items":[{"kind":"network","name":"n","metadata":{"\ud800":1}}]}""", "#/items/0/metadata")]
    [InlineData("""{"items":[{"kind":"container","vm":"No","name":"c"}]}""", "#/items/0/vm")]
    [InlineData("""{"items":[{"kind":"vm","name":"v"}]}""", "#/items/0/spec/network")]
    public async Task A_malformed_manifest_is_rejected_with_the_place(string body, string pointer) =>
        (await api.PostAsync(Path, body)).IsProblem("validation-failed", pointer);

    [Fact]
    public async Task Two_containers_exchange_their_addresses_and_port_names_in_one_manifest()
    {
        var vm = await api.VmAsync();
        string One(string n) => $$"""{"ip":"10.7.0.21","mac":"02:00:00:00:00:21","portName":"{{vm}}-one-{{n}}"}""";
        string Two(string n) => $$"""{"ip":"10.7.0.22","mac":"02:00:00:00:00:22","portName":"{{vm}}-two-{{n}}"}""";
        (await ApplyAsync(Container(vm, "a", One("x")), Container(vm, "b", Two("x")))).Is(HttpStatusCode.OK);
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$"""{"spec":{{Two("x")}} }""")).IsProblem("name-taken");
        var refused = await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"ip":"10.7.0.22"}}""");
        Assert.Contains("POST /v1/manifests", refused.IsProblem("address-taken", "#/spec/ip").Detail);
        (await ApplyAsync(Container(vm, "a", Two("x")), Container(vm, "b", One("x")))).Is(HttpStatusCode.OK);
        Assert.Equal(("10.7.0.22", "02:00:00:00:00:22", $"{vm}-two-x"), await EffectiveAsync(vm, "a"));
        Assert.Equal(("10.7.0.21", "02:00:00:00:00:21", $"{vm}-one-x"), await EffectiveAsync(vm, "b"));
    }

    [Fact]
    public async Task Two_containers_exchange_their_tags_in_one_manifest_and_the_conflict_of_a_single_request_says_so()
    {
        var vm = await api.VmAsync();
        (await ApplyAsync(Container(vm, "a", """{"vlan":51}"""), Container(vm, "b", """{"vlan":52}"""))).Is(HttpStatusCode.OK);
        var refused = await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":52}}""");
        Assert.Contains("POST /v1/manifests", refused.IsProblem("vlan-tag-taken", "#/spec/vlan").Detail);
        (await ApplyAsync(Container(vm, "a", """{"vlan":52}"""), Container(vm, "b", """{"vlan":51}"""))).Is(HttpStatusCode.OK);
        Assert.Equal(52, (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("vlan").GetInt32());
        Assert.Equal(51, (await api.GetAsync($"/v1/vms/{vm}/containers/b")).Effective.GetProperty("vlan").GetInt32());
    }

    [Fact]
    public async Task A_dry_run_responds_as_usual_and_stores_nothing()
    {
        var before = await api.RowsAsync();
        var items = Lab("m2");
        var response = (await api.PostAsync($"{Path}?dryRun=true", Body(items))).Is(HttpStatusCode.OK);
        Assert.All(Actions(response), action => Assert.Equal("created", action));
        Assert.Equal(before, await api.RowsAsync());
    }

    [Fact]
    public async Task Prune_deletes_labelled_resources_that_are_not_in_the_manifest()
    {
        var vm = await api.VmAsync();
        const string Labels = """{"app":"pruned"}""";
        (await ApplyAsync(Container(vm, "a", "{}", Labels), Container(vm, "b", "{}", Labels), Container(vm, "c", "{}"))).Is(
            HttpStatusCode.OK
        );
        var response = await api.PostAsync($"{Path}?prune=app=pruned", Body(Container(vm, "a", "{}", Labels)));
        Assert.Equal(["a unchanged", "b deleted"], Summary(response.Is(HttpStatusCode.OK)));
        Assert.Equal(
            "Deleting",
            (await api.GetAsync($"/v1/vms/{vm}/containers/b")).Json.GetProperty("status").GetProperty("reason").GetString()
        );
        Assert.Equal(
            JsonValueKind.Null,
            (await api.GetAsync($"/v1/vms/{vm}/containers/c")).Metadata.GetProperty("deletingSince").ValueKind
        );
    }

    [Fact]
    public async Task Prune_of_a_resource_in_use_changes_nothing()
    {
        var (network, vm) = (api.NewName("net"), api.NewName("vm"));
        const string Labels = """{"app":"in-use"}""";
        (
            await ApplyAsync(
                $$"""{"kind":"network","name":"{{network}}","labels":{{Labels}},"spec":{} }""",
                $$"""{"kind":"vm","name":"{{vm}}","spec":{"network":"{{network}}"} }"""
            )
        ).Is(HttpStatusCode.OK);
        var before = await api.RowsAsync();
        var refused = await api.PostAsync($"{Path}?prune=app=in-use", Body(Container(vm, "a", "{}", Labels)));
        Assert.Contains($"VM {vm}", refused.IsProblem("in-use").Detail);
        Assert.Equal(before, await api.RowsAsync());
    }

    [Theory]
    [InlineData("If-Match", "\"1\"")]
    [InlineData("If-None-Match", "*")]
    public async Task A_condition_for_many_resources_is_refused(string header, string value)
    {
        var refused = await api.PostAsync(Path, Body(), (header, value));
        Assert.Contains("metadata.revision", refused.IsProblem("invalid-parameter").Detail);
    }

    [Fact]
    public async Task Containers_follow_a_VM_that_the_manifest_moves_to_a_new_network()
    {
        var vm = await api.VmAsync();
        var network = api.NewName("net");
        (await ApplyAsync(Container(vm, "a", "{}"), Container(vm, "b", """{"vlan":9}"""))).Is(HttpStatusCode.OK);
        (
            await ApplyAsync(
                Container(vm, "b", """{"vlan":9}"""),
                $$"""{"kind":"vm","name":"{{vm}}","spec":{"network":"{{network}}"} }""",
                $$"""{"kind":"network","name":"{{network}}","spec":{"subnet":"10.88.0.0/24"} }"""
            )
        ).Is(HttpStatusCode.OK);
        foreach (var name in (string[])["a", "b"])
        {
            var effective = (await api.GetAsync($"/v1/vms/{vm}/containers/{name}")).Effective;
            Assert.Equal(network, effective.GetProperty("network").GetString());
            Assert.StartsWith("10.88.0.", effective.GetProperty("ip").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_network_and_its_ports_are_renumbered_together()
    {
        var (network, vm) = (api.NewName("net"), api.NewName("vm"));
        string[] Of(string prefix) =>
            [
                $$"""{"kind":"network","name":"{{network}}","spec":{"subnet":"{{prefix}}.0/24"} }""",
                $$"""{"kind":"vm","name":"{{vm}}","spec":{"network":"{{network}}","ip":"{{prefix}}.5"} }""",
                Container(vm, "a", $$"""{"ip":"{{prefix}}.6"}"""),
            ];
        (await ApplyAsync(Of("10.89.1"))).Is(HttpStatusCode.OK);
        (await ApplyAsync(Of("10.89.2"))).Is(HttpStatusCode.OK);
        Assert.Equal("10.89.2.6", (await api.GetAsync($"/v1/vms/{vm}/containers/a")).Effective.GetProperty("ip").GetString());
    }

    [Fact]
    public async Task A_manifest_of_more_than_32_MiB_is_rejected()
    {
        var large = new string(' ', 32 * 1024 * 1024);
        var refused = await api.PostAsync(Path, $$"""{"items":[]{{large}} }""", ("Expect", "100-continue"));
        refused.IsProblem("body-too-large");
    }

    [Fact]
    public async Task A_manifest_without_a_length_is_rejected_with_the_same_limit()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path);
        request.Headers.Authorization = new("Bearer", await api.KeyAsync(Role.Editor));
        request.Headers.TransferEncodingChunked = true;
        request.Headers.ExpectContinue = true;
        request.Content = new ByteArrayContent(new byte[33 * 1024 * 1024]);
        request.Content.Headers.ContentType = new("application/json");
        using var response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("33554432", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    internal static string Body(params string[] items) => $$"""{"items":[{{string.Join(',', items)}}]}""";

    internal static string Container(string vm, string name, string spec, string labels = "null") =>
        $$"""{"kind":"container","vm":"{{vm}}","name":"{{name}}","labels":{{labels}},"spec":{{spec}} }""";

    private static string[] Lab(string prefix) =>
        [
            $$"""{"kind":"router","name":"{{prefix}}-r"}""",
            $$"""{"kind":"network","name":"{{prefix}}-n","spec":{"subnet":"10.99.0.0/24","router":"{{prefix}}-r"} }""",
            $$"""{"kind":"host","name":"{{prefix}}-h","spec":{} }""",
            $$"""{"kind":"vm","name":"{{prefix}}-vm","spec":{"network":"{{prefix}}-n","host":"{{prefix}}-h"} }""",
            Container($"{prefix}-vm", $"{prefix}-c51", """{"vlan":51}"""),
            Container($"{prefix}-vm", $"{prefix}-c52", "{}"),
        ];

    private static IEnumerable<string?> Actions(ApiResponse response) =>
        response.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("action").GetString());

    private static IEnumerable<string> Summary(ApiResponse response) =>
        response.Json.GetProperty("items").EnumerateArray().Select(item => $"{item.GetProperty("name")} {item.GetProperty("action")}");

    private Task<ApiResponse> ApplyAsync(params string[] items) => api.PostAsync(Path, Body(items));

    private async Task<(string?, string?, string?)> EffectiveAsync(string vm, string name)
    {
        var effective = (await api.GetAsync($"/v1/vms/{vm}/containers/{name}")).Effective;
        return (
            effective.GetProperty("ip").GetString(),
            effective.GetProperty("mac").GetString(),
            effective.GetProperty("portName").GetString()
        );
    }
}
