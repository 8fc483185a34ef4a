using System.Net;
using System.Text;
using TestServers;

namespace OvnNestApi.Tests.OpenApi;

/// <summary>The check of all responses against the document finds every difference.</summary>
[Trait("Kind", "pure")]
public sealed class DescribedResponsesTests
{
    private const string Document = """
        {
          "openapi": "3.1.1",
          "paths": {
            "/v1/things": { "post": { "responses": {
              "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } } } },
            "/v1/things/{name}": {
              "get": { "responses": {
                "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "404": { "$ref": "#/components/responses/Problem404" } } },
              "delete": { "responses": { "204": { "description": "Gone" } } }
            }
          },
          "components": {
            "schemas": {
              "Thing": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" }, "part": { "$ref": "#/components/schemas/Part" } } },
              "Part": { "type": "object", "properties": { "tag": { "type": "integer" } }, "additionalProperties": false }
            },
            "responses": { "Problem404": { "content": { "application/problem+json": { "schema": { "type": "object" } } } } }
          }
        }
        """;

    [Theory]
    [InlineData("GET", "/v1/things/a", 200, "application/json", """{"name":"a","part":{"tag":51}}""", "")]
    [InlineData("HEAD", "/v1/things/a", 200, "application/json", "", "")]
    [InlineData("GET", "/v1/things/a", 404, "application/problem+json", "{}", "")]
    [InlineData("DELETE", "/v1/things/a", 204, null, "", "")]
    [InlineData("PUT", "/v1/things/a", 405, "application/problem+json", "{}", "GET, HEAD, DELETE")]
    [InlineData("GET", "/v1/nothing", 404, "application/problem+json", "{}", "")]
    public async Task A_described_response_passes(string method, string path, int status, string? mediaType, string body, string allow) =>
        Assert.Equal(status, (int)await SendAsync(method, path, status, mediaType, body, allow));

    [Theory]
    [InlineData("GET", "/v1/things/a", 202, "application/json", """{"name":"a"}""", "")]
    [InlineData("GET", "/v1/things/a", 200, "text/plain", """{"name":"a"}""", "")]
    [InlineData("GET", "/v1/things/a", 200, "application/json", """{"label":"a"}""", "")]
    [InlineData("GET", "/v1/things/a", 200, "application/json", """{"name":"a","part":{"tag":"51"}}""", "")]
    [InlineData("GET", "/v1/things/a", 200, "application/json", """{"name":"a","part":{"tags":51}}""", "")]
    [InlineData("GET", "/v1/things/a", 200, null, "", "")]
    [InlineData("HEAD", "/v1/things/a", 204, null, "", "")]
    [InlineData("DELETE", "/v1/things/a", 204, "application/json", "{}", "")]
    [InlineData("PUT", "/v1/things/a", 200, "application/json", """{"name":"a"}""", "")]
    [InlineData("PUT", "/v1/things/a", 405, "application/problem+json", "{}", "GET, HEAD")]
    [InlineData("GET", "/v1/nothing", 200, "application/json", "{}", "")]
    [InlineData("POST", "/v1/things", 200, "application/json", """{"name":"a"}""", "")]
    public async Task A_response_that_the_document_does_not_describe_fails_the_test(
        string method,
        string path,
        int status,
        string? mediaType,
        string body,
        string allow
    ) => await Assert.ThrowsAsync<UndescribedResponseException>(() => SendAsync(method, path, status, mediaType, body, allow));

    private static async Task<HttpStatusCode> SendAsync(
        string method,
        string path,
        int status,
        string? mediaType,
        string body,
        string allow
    )
    {
        using var content = mediaType is null ? null : new StringContent(body, Encoding.UTF8, mediaType);
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        response.Content = content ?? response.Content;
        response.Content.Headers.TryAddWithoutValidation("Allow", allow.Split(", ", StringSplitOptions.RemoveEmptyEntries));
        using var client = new HttpClient(new DescribedResponses(new Fixed(response), new(Document)));
        using var request = new HttpRequestMessage(new(method), $"http://nest.test{path}");
        using var received = await client.SendAsync(request);
        return received.StatusCode;
    }

    /// <summary>Responds to every request with the same response.</summary>
    private sealed class Fixed(HttpResponseMessage response) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(response);
    }
}
