using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Examples;

/// <summary>The requests of <c>examples/requests.http</c> work in their order.</summary>
public sealed class RequestsFileTests(LivingInstallation nest) : IClassFixture<LivingInstallation>
{
    [Fact]
    public async Task Every_request_of_the_file_has_the_expected_status()
    {
        var file = RequestsFile.Parse(await File.ReadAllTextAsync(Path.Combine(Programs.Root, "examples", "requests.http")));
        file.Variables["url"] = nest.Url;
        file.Variables["key"] = await nest.Api.KeyAsync(Role.Editor);
        Assert.True(file.Requests.Count > 20, $"The file has only {file.Requests.Count} requests.");
        foreach (var request in file.Requests)
        {
            await SendAsync(file, request);
        }

        Assert.Empty((await nest.Api.GetAsync("/v1/manifests")).IsSuccess().Json.GetProperty("items").EnumerateArray());
    }

    private async Task SendAsync(RequestsFile file, FileRequest request)
    {
        var response = await nest.Api.SendAsync(
            new HttpMethod(request.Method),
            file.Fill(request.Url),
            request.Body is null ? null : file.Fill(request.Body),
            [.. request.Headers.Select(header => (header.Name, file.Fill(header.Value)))]
        );
        var status = (int)response.Status;
        var isExpected = request.Status is { } expected ? status == expected : status is >= 200 and < 300;
        Assert.True(isExpected, $"{request.Title}: expected {request.Status?.ToString() ?? "2xx"}, got {status} {response.Text}");
        if (request.Name is { } name)
        {
            foreach (var (header, value) in response.Headers)
            {
                file.Variables[$"{name}.response.headers.{header}"] = value;
            }
        }
    }
}
