using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>The API as a process, while its NB cannot be reached.</summary>
public sealed class NorthboundOutageTests
{
    [Fact]
    public async Task The_API_survives_an_NB_that_exits_before_it_has_answered_a_transaction()
    {
        await using var northbound = await OvsdbServer.StartNewAsync();
        await using var nest = await NestServer.StartAsync(
            new() { Database = await TestDatabase.CreateAsync(), Northbound = northbound.Endpoint }
        );
        await PutNetworkAsync(nest, "before");
        await ReadyAsync(nest);

        northbound.Send(Signal.Pause);
        await PutNetworkAsync(nest, "meanwhile");
        await Eventually.Holds("the reconciler has had no answer for more than a heartbeat", async () =>
        {
            var seen = (await nest.Client.GetFromJsonAsync<JsonElement>("v1/reconciler"))
                .GetProperty("status")
                .GetProperty("northbound")
                .GetProperty("seenAt")
                .GetDateTimeOffset();
            var observed = (await nest.Client.GetAsync(new Uri("livez", UriKind.Relative))).Headers.Date ?? default;
            return observed - seen > TimeSpan.FromSeconds(3);
        });
        await northbound.KillAsync();

        using var process = Process.GetProcessById(nest.Process.Id);
        var before = process.TotalProcessorTime;
        Assert.Equal(
            HttpStatusCode.RequestTimeout,
            (await nest.Client.GetAsync(new Uri("v1/networks/meanwhile/wait?for=ready&timeout=10s", UriKind.Relative))).StatusCode
        );
        process.Refresh();
        var spent = process.TotalProcessorTime - before;
        Assert.True(spent < TimeSpan.FromSeconds(5), $"10 s without an NB cost {spent.TotalSeconds:0.00} s of a processor");

        await northbound.StartAsync();
        await ReadyAsync(nest);
    }

    private static async Task PutNetworkAsync(NestServer nest, string name) =>
        (
            await nest.Client.PutAsJsonAsync(new Uri($"v1/networks/{name}", UriKind.Relative), new { spec = new { } })
        ).EnsureSuccessStatusCode();

    private static Task<JsonElement> ReadyAsync(NestServer nest) =>
        Eventually.Becomes(
            "every resource is ready",
            () => nest.Client.GetFromJsonAsync<JsonElement>("v1/readiness"),
            readiness =>
                readiness.GetProperty("ready").GetInt32() is > 0 and var ready && ready == readiness.GetProperty("total").GetInt32()
        );
}
