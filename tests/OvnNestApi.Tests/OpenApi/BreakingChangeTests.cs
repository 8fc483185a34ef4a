using System.Text;
using System.Text.Json;
using OvnNestApi.Manifests;
using TestServers;

namespace OvnNestApi.Tests.OpenApi;

/// <summary>A change of the API does not break its clients: openapi.yaml is compared with the one before.</summary>
public sealed class BreakingChangeTests(ITestOutputHelper output)
{
    private const int MaxJson = 32 * 1024 * 1024;

    private const string Document = """
        {
          "paths": { "/v1/vms/{name}": { "put": {
            "parameters": [
              { "name": "name", "in": "path", "required": true, "schema": { "type": "string" } },
              { "name": "wait", "in": "query", "schema": { "type": "string" } },
              { "name": "dryRun", "in": "query", "schema": { "type": "boolean" } }
            ],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Body" } } } },
            "responses": {
              "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Vm" } } } },
              "404": { "$ref": "#/components/responses/Problem" }
            }
          } } },
          "components": {
            "responses": { "Problem": { "content": { "text/plain": {}, "application/problem+json": {} } } },
            "schemas": {
              "Body": { "required": ["network"], "properties": {
                "network": { "type": "string" }, "mtu": { "type": ["integer", "null"] }, "kind": { "enum": ["patch", "interface"] } } },
              "Vm": { "required": ["name"], "properties": {
                "name": { "type": "string" }, "parent": { "$ref": "#/components/schemas/Vm" }, "kind": { "enum": ["patch"] } } }
            }
          }
        }
        """;

    [Theory]
    [Trait("Kind", "pure")]
    [InlineData("/v1/vms/{name}", "/v2/vms/{name}", "PUT /v1/vms/{name} was removed.")]
    [InlineData("\"put\"", "\"patch\"", "PUT /v1/vms/{name} was removed.")]
    [InlineData("\"404\"", "\"409\"", "PUT /v1/vms/{name}: status 404 was removed.")]
    [InlineData("text/plain", "text/html", "PUT /v1/vms/{name}: 404: media type text/plain was removed.")]
    [InlineData("\"dryRun\"", "\"dry\"", "PUT /v1/vms/{name}: parameter dryRun was removed.")]
    [InlineData("\"dryRun\",", "\"dryRun\", \"required\": true,", "PUT /v1/vms/{name}: parameter dryRun is required now.")]
    [InlineData("boolean", "string", "PUT /v1/vms/{name}: parameter dryRun: the type was boolean, and is string now.")]
    [InlineData("\"requestBody\": {", "\"requestBody\": { \"required\": true,", "PUT /v1/vms/{name}: a body is required now.")]
    [InlineData("\"mtu\"", "\"maxSize\"", "Body.mtu was removed.")]
    [InlineData("[\"network\"]", "[\"network\", \"mtu\"]", "Body.mtu is required now.")]
    [InlineData("[\"integer\", \"null\"]", "\"integer\"", "Body.mtu: the type was integer or null, and is integer now.")]
    [InlineData(", \"interface\"", "", "Body.kind: the value \"interface\" was removed.")]
    [InlineData("\"parent\"", "\"owner\"", "Vm.parent was removed.")]
    [InlineData("\"required\": [\"name\"],", "", "Vm.name can be absent now.")]
    public void A_breaking_change_is_found(string before, string after, string expected) =>
        Assert.Equal([expected], BreakingChanges.Find(JsonElement.Parse(Document), Changed(before, after)));

    [Theory]
    [Trait("Kind", "pure")]
    [InlineData("{name}", "{vm}")]
    [InlineData("\"404\"", "\"409\": {}, \"404\"")]
    [InlineData("\"wait\"", "\"timeout\", \"in\": \"query\" }, { \"name\": \"wait\"")]
    [InlineData("[\"network\"]", "[]")]
    [InlineData("\"mtu\":", "\"vlan\": {}, \"mtu\":")]
    [InlineData(", \"interface\"", ", \"interface\", \"none\"")]
    [InlineData("{ \"enum\": [\"patch\"] }", "{ \"type\": \"string\", \"enum\": [\"patch\", \"interface\"] }")]
    [InlineData("\"kind\": { \"enum\": [\"patch\", ", "\"kind\": { \"type\": \"string\", \"enum\": [\"patch\", ")]
    public void An_addition_is_not_a_breaking_change(string before, string after) =>
        Assert.Empty(BreakingChanges.Find(JsonElement.Parse(Document), Changed(before, after)));

    [Fact]
    public async Task The_document_breaks_no_client_of_the_one_before()
    {
        if (await FormerAsync() is not var (revision, former))
        {
            output.WriteLine("openapi.yaml was compared with nothing: this clone has neither a tag nor a former commit.");
            return;
        }

        output.WriteLine($"openapi.yaml is compared with {revision}.");
        var current = await File.ReadAllTextAsync(Path.Combine(Programs.Root, "openapi.yaml"));
        Assert.Empty(BreakingChanges.Find(Read(former), Read(current)));
    }

    /// <summary>
    /// Returns the document of the last tag; without a tag, where this branch left main, or on main the one of the former commit. Null if
    /// the clone has none of them.
    /// </summary>
    private static async Task<(string Revision, string Document)?> FormerAsync()
    {
        var head = await GitAsync("rev-parse", "HEAD");
        var tag = await GitAsync("describe", "--tags", "--abbrev=0");
        var fork = await GitAsync("merge-base", "HEAD", "main");
        var revision = tag ?? (fork == head ? null : fork) ?? "HEAD^1";
        return await GitAsync("show", $"{revision}:openapi.yaml") is { } document ? (revision, document) : null;
    }

    /// <summary>Runs git in the repository; returns null if it fails.</summary>
    private static async Task<string?> GitAsync(params string[] arguments)
    {
        try
        {
            return (await ChildProcess.RunAsync("git", ["-C", Programs.Root, .. arguments])).TrimEnd();
        }
        catch (ProgramFailedException)
        {
            return null;
        }
    }

    private static JsonElement Changed(string before, string after)
    {
        Assert.Contains(before, Document, StringComparison.Ordinal);
        return JsonElement.Parse(Document.Replace(before, after, StringComparison.Ordinal));
    }

    private static JsonElement Read(string yaml)
    {
        Assert.True(YamlJson.Read(Encoding.UTF8.GetBytes(yaml), MaxJson).TryGet(out var documents, out var problem), problem?.Detail);
        return documents.Single();
    }
}
