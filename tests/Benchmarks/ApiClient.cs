using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace Benchmarks;

/// <summary>Sends requests to the API. A response that is not 2xx ends the benchmark.</summary>
internal sealed class ApiClient(NestServer server)
{
    /// <summary>Stores a resource.</summary>
    public async Task PutAsync(string path, JsonObject spec)
    {
        using var response = await server.Client.PutAsJsonAsync(new Uri(path, UriKind.Relative), new JsonObject { ["spec"] = spec });
        await EnsureSuccessAsync(path, response);
    }

    /// <summary>Creates a resource whose name the API chooses.</summary>
    public async Task PostAsync(string path, JsonObject spec)
    {
        using var response = await server.Client.PostAsJsonAsync(new Uri(path, UriKind.Relative), new JsonObject { ["spec"] = spec });
        await EnsureSuccessAsync(path, response);
    }

    private static async Task EnsureSuccessAsync(string path, HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }
}
