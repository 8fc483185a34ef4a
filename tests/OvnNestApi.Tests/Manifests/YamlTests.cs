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
    [InlineData("a: &a b\n? *a\n: c")]
    public async Task Malformed_YAML_is_rejected_with_the_line(string yaml)
    {
        var refused = (await ApplyAsync(yaml)).IsProblem("malformed-json");
        Assert.Contains("line ", refused.Detail);
    }

    [Fact]
    public async Task Nesting_is_limited_before_it_costs_stack()
    {
        var refused = (await ApplyAsync($"items:\n  {string.Concat(Enumerable.Repeat("- ", 500_000))}a\n")).IsProblem("malformed-json");
        Assert.Contains("levels deep", refused.Detail);
    }

    [Theory]
    [InlineData("1e999", "#/items/0/spec/dhcp/leaseTime")]
    [InlineData("-1e999", "#/items/0/spec/dhcp/leaseTime")]
    public async Task Numbers_that_JSON_cannot_represent_are_rejected(string number, string pointer) =>
        (await ApplyAsync($"kind: network\nname: q-3\nspec: {{ dhcp: {{ leaseTime: {number} }} }}\n")).IsProblem(
            "validation-failed",
            pointer
        );

    [Fact]
    public async Task A_byte_order_mark_is_skipped() => (await ApplyAsync("\ufeffkind: network\nname: bom\n")).Is(HttpStatusCode.OK);

    [Theory]
    [InlineData("")]
    [InlineData("---\n---\n")]
    public async Task A_manifest_without_a_document_is_rejected(string yaml) =>
        (await ApplyAsync(yaml)).IsProblem("validation-failed", "#/items");

    [Fact]
    public async Task The_limit_of_the_size_is_that_of_all_documents_together()
    {
        var line = $"k: [{string.Join(", ", Enumerable.Repeat("*a", 1000))}]\n";
        var document = $"---\na: &a {new string('x', 15_000)}\n{line}";
        (await ApplyAsync(document)).IsProblem("validation-failed");
        (await ApplyAsync(string.Concat(Enumerable.Repeat(document, 3)))).IsProblem("body-too-large");
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
