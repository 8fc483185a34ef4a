using System.Net;
using System.Text.Json.Nodes;
using TestServers;

namespace OvnNestApi.Tests.Examples;

/// <summary>
/// The resources of <c>examples/terraform/main.tf</c> work with the requests that Terraform's provider sends for them, and a plan after
/// each of them is empty. The test sends these requests itself, because the provider is not available in the tests.
/// </summary>
public sealed class TerraformTests(LivingInstallation nest) : IClassFixture<LivingInstallation>
{
    private readonly IReadOnlyList<HclBlock> _file = Hcl.Read(
        File.ReadAllText(Path.Combine(Programs.Root, "examples", "terraform", "main.tf"))
    );

    /// <summary>Ids of the created resources by the references to them.</summary>
    private readonly Dictionary<string, string> _ids = [];

    private List<HclBlock> Resources => [.. _file.Where(block => block is { Type: "resource", Labels: ["restapi_object", _] })];

    [Fact]
    public async Task A_plan_is_empty_after_create_update_and_replace()
    {
        Assert.Equal(5, Resources.Count);
        foreach (var resource in Resources)
        {
            await CreateAsync(resource);
            await UpdateAsync(resource);
        }

        // Terraform replaces a resource with a DELETE that a POST follows immediately.
        var last = Resources[^1];
        (await nest.Api.DeleteAsync(ItemPath(last))).Is(HttpStatusCode.Accepted);
        await CreateAsync(last);
        foreach (var resource in Resources.AsEnumerable().Reverse())
        {
            (await nest.Api.DeleteAsync(DestroyPath(resource))).Is(HttpStatusCode.NoContent);
        }

        Assert.Equal(0, await nest.ReadyAsync());
    }

    private async Task CreateAsync(HclBlock resource)
    {
        var data = Data(resource);
        var created = (await nest.Api.PostAsync(Text(resource, "path"), data.ToJsonString())).Is(HttpStatusCode.Created);
        var provider = _file.Single(block => block.Type == "provider");
        Assert.True((bool?)provider.Attributes["write_returns_object"]);
        _ids[Reference(resource)] = created.Json.GetProperty((string)provider.Attributes["id_attribute"]!).GetString()!;
        await PlanIsEmptyAsync(resource, data);
    }

    private async Task UpdateAsync(HclBlock resource)
    {
        var changed = Data(resource);
        changed["labels"] = new JsonObject { ["changed"] = "true" };
        foreach (var data in new[] { changed, Data(resource) })
        {
            (await nest.Api.PutAsync(ItemPath(resource), data.ToJsonString())).Is(HttpStatusCode.OK);
            await PlanIsEmptyAsync(resource, data);
        }
    }

    /// <summary>The provider plans a change for every difference to what it sent, and for every additional field at the top.</summary>
    private async Task PlanIsEmptyAsync(HclBlock resource, JsonObject sent)
    {
        var read = JsonNode.Parse((await nest.Api.GetAsync(ItemPath(resource))).Is(HttpStatusCode.OK).Text)!.AsObject();
        foreach (var ignored in resource.Attributes["ignore_changes_to"]!.AsArray())
        {
            Assert.True(read.Remove((string)ignored!));
        }

        Assert.True(JsonNode.DeepEquals(sent, read), $"sent {sent.ToJsonString()}\nread {read.ToJsonString()}");
    }

    private static string Reference(HclBlock resource) => $"${{restapi_object.{resource.Labels[1]}.id}}";

    private JsonObject Data(HclBlock resource) => JsonNode.Parse(Resolve(resource.Attributes["data"]!.ToJsonString()))!.AsObject();

    private string Text(HclBlock resource, string attribute) => Resolve((string)resource.Attributes[attribute]!);

    private string ItemPath(HclBlock resource) => $"{Text(resource, "path")}/{_ids[Reference(resource)]}";

    private string DestroyPath(HclBlock resource) =>
        Text(resource, "destroy_path").Replace("{id}", _ids[Reference(resource)], StringComparison.Ordinal);

    /// <summary>Replaces the references to resources that exist.</summary>
    private string Resolve(string text)
    {
        var resolved = _ids.Aggregate(text, (result, id) => result.Replace(id.Key, id.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("${", resolved, StringComparison.Ordinal);
        return resolved;
    }
}
