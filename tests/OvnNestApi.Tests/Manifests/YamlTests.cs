using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Manifests;

/// <summary>A manifest can be YAML.</summary>
public sealed class YamlTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Documents_and_lists_of_items_are_applied_together()
    {
        const string Yaml = """
            # A network in a document of its own.
            kind: network
            name: y-net
            description: |
              first line
              second line
            labels: { app: web, on: "yes" }
            spec:
              subnet: 10.61.0.0/24
            ---
            items:
              - kind: vm
                name: y-vm
                spec: { network: y-net, mac: 02:00:00:00:00:10, vlanRanges: 100-199 }
              - kind: container
                vm: y-vm
                name: y-c
                spec:
                  vlan: 101
                  enabled: false
            ---
            """;
        (await ApplyAsync(Yaml)).Is(HttpStatusCode.OK);
        var container = await api.GetAsync("/v1/vms/y-vm/containers/y-c");
        Assert.Equal(
            (101, false),
            (container.Effective.GetProperty("vlan").GetInt32(), container.Effective.GetProperty("enabled").GetBoolean())
        );
        var network = (await api.GetAsync("/v1/networks/y-net")).Json;
        Assert.Equal("first line\nsecond line\n", network.GetProperty("description").GetString());
        Assert.Equal("yes", network.GetProperty("labels").GetProperty("on").GetString());
    }

    [Fact]
    public async Task Anchors_are_resolved()
    {
        const string Yaml = """
            items:
              - { kind: network, name: z-1, labels: &labels { app: web }, spec: {} }
              - { kind: network, name: z-2, labels: *labels, spec: {} }
            """;
        (await ApplyAsync(Yaml)).Is(HttpStatusCode.OK);
        Assert.Equal("web", (await api.GetAsync("/v1/networks/z-2")).Json.GetProperty("labels").GetProperty("app").GetString());
    }

    [Theory]
    [InlineData("items: [")]
    [InlineData("kind: network\nkind: vm\n")]
    [InlineData("items: *nowhere")]
    [InlineData("? [a]\n: b")]
    [InlineData("a: &a [*a]")]
    public async Task Malformed_YAML_is_rejected_with_the_line(string yaml)
    {
        var refused = (await ApplyAsync(yaml)).IsProblem("malformed-json");
        Assert.Contains("line ", refused.Detail);
    }

    [Fact]
    public async Task Aliases_cannot_make_a_body_larger_than_the_limit()
    {
        var lines = Enumerable.Range(1, 20).Select(i => $"k{i}: &k{i} [{string.Join(", ", Enumerable.Repeat($"*k{i - 1}", 10))}]");
        (await ApplyAsync($"k0: &k0 xxxxxxxxxx\n{string.Join('\n', lines)}\n")).IsProblem("body-too-large");
    }

    [Fact]
    public async Task Errors_count_the_items_of_all_documents()
    {
        var refused = await ApplyAsync("kind: network\nname: q-1\n---\nkind: network\nname: q-2\nspec: { subnet: 010.0.0.0/8 }\n");
        refused.IsProblem("validation-failed", "#/items/1/spec/subnet");
    }

    private Task<ApiResponse> ApplyAsync(string yaml) => api.PostAsync("/v1/manifests", yaml, ("Content-Type", "application/yaml"));
}
