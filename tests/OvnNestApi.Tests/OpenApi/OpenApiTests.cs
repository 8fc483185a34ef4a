using System.Net;
using System.Text.Json;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.OpenApi;

/// <summary>The OpenAPI document is complete, and the committed file equals the served document.</summary>
public sealed class OpenApiTests(TestApi api) : IClassFixture<TestApi>
{
    private static readonly string Committed = Path.Combine(Programs.Root, "openapi.yaml");

    [Fact]
    public async Task Swagger_UI_and_the_document_need_no_key()
    {
        (await api.GetAsync("/swagger/index.html", ("Authorization", ""))).Is(HttpStatusCode.OK);
        Assert.StartsWith(
            "3.1",
            (await api.GetAsync("/openapi/v1.json", ("Authorization", ""))).Json.GetProperty("openapi").GetString(),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "3.0",
            (await api.GetAsync("/openapi/v1-3.0.json", ("Authorization", ""))).Json.GetProperty("openapi").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_committed_document_is_the_served_one()
    {
        var served = (await api.GetAsync("/openapi/v1.yaml", ("Authorization", ""))).Is(HttpStatusCode.OK).Text;
        if (Environment.GetEnvironmentVariable("NEST_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(Committed, served);
        }

        Assert.True(
            served == await File.ReadAllTextAsync(Committed),
            "openapi.yaml differs from the served document. Run ./dev openapi to write it again."
        );
    }

    [Fact]
    public async Task The_spec_of_a_body_is_optional_and_never_null_in_both_documents()
    {
        foreach (var name in new[] { "v1", "v1-3.0" })
        {
            var document = (await api.GetAsync($"/openapi/{name}.json", ("Authorization", ""))).Json;
            foreach (var kind in new[] { "Network", "Router", "Host", "Vm", "Container" })
            {
                var body = document.GetProperty("components").GetProperty("schemas").GetProperty($"{kind}Body");
                Assert.False(body.TryGetProperty("required", out _));
                Assert.Equal(
                    $"#/components/schemas/{kind}Spec",
                    body.GetProperty("properties").GetProperty("spec").GetProperty("$ref").GetString()
                );
            }
        }
    }

    [Fact]
    public async Task The_document_in_version_3_0_has_a_type_beside_every_nullable()
    {
        var document = (await api.GetAsync("/openapi/v1-3.0.json", ("Authorization", ""))).Json;
        Assert.DoesNotContain(Objects(document), part => part.TryGetProperty("nullable", out _) && !part.TryGetProperty("type", out _));
        Assert.Contains(Objects(document), part => part.TryGetProperty("nullable", out _));
    }

    [Fact]
    public async Task Every_enumeration_has_the_type_string_in_both_documents()
    {
        foreach (var name in new[] { "v1", "v1-3.0" })
        {
            var document = (await api.GetAsync($"/openapi/{name}.json", ("Authorization", ""))).Json;
            var enumerations = Objects(document.GetProperty("components")).Where(part => part.TryGetProperty("enum", out _)).ToList();
            Assert.NotEmpty(enumerations);
            Assert.All(enumerations, schema =>
            {
                Assert.Equal("string", schema.GetProperty("type").GetString());
                Assert.All(schema.GetProperty("enum").EnumerateArray(), name => Assert.Equal(JsonValueKind.String, name.ValueKind));
            });
        }
    }

    [Fact]
    public async Task An_operation_answers_412_exactly_if_it_takes_preconditions()
    {
        var document = (await api.GetAsync("/openapi/v1.json", ("Authorization", ""))).Json;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var takes =
                    operation.Value.TryGetProperty("parameters", out var parameters)
                    && parameters.EnumerateArray().Any(parameter => parameter.GetProperty("name").GetString() == "If-Match");
                Assert.Equal(takes, operation.Value.GetProperty("responses").TryGetProperty("412", out _));
            }
        }
    }

    [Fact]
    public async Task Every_operation_is_documented()
    {
        var document = (await api.GetAsync("/openapi/v1.json", ("Authorization", ""))).Json;
        var ids = new List<string?>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var what = $"{operation.Name} {path.Name}";
                ids.Add(operation.Value.GetProperty("operationId").GetString());
                Assert.All(["summary", "description", "tags"], field =>
                    Assert.True(operation.Value.TryGetProperty(field, out _), $"{what} lacks {field}")
                );
                var responses = operation.Value.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToList();
                Assert.Contains(responses, status => status[0] == '2');

                // A health check takes no parameter, no body and no key, so it cannot be wrong.
                Assert.True(path.Name is "/livez" or "/readyz" || responses.Exists(status => status[0] == '4'), what);
                foreach (
                    var parameter in operation.Value.TryGetProperty("parameters", out var parameters)
                        ? parameters.EnumerateArray().ToList()
                        : []
                )
                {
                    Assert.True(parameter.TryGetProperty("description", out _), $"{what}: {parameter}");
                }

                if (operation.Name is "put" or "patch")
                {
                    Assert.True(operation.Value.TryGetProperty("requestBody", out var body), what);
                    Assert.All(body.GetProperty("content").EnumerateObject(), content =>
                        Assert.True(content.Value.TryGetProperty("example", out _), what)
                    );
                }
            }
        }

        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    /// <summary>Returns all JSON objects in a value, at any depth.</summary>
    private static IEnumerable<JsonElement> Objects(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject().SelectMany(property => Objects(property.Value)).Prepend(json),
            JsonValueKind.Array => json.EnumerateArray().SelectMany(Objects),
            _ => [],
        };
}
