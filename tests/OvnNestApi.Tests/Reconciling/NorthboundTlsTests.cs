using System.Net.Http.Json;
using System.Text.Json;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>The API as a process that connects to the NB with TLS.</summary>
public sealed class NorthboundTlsTests : IDisposable
{
    private readonly string _folder = Programs.NewFolder("pki");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_NB_is_reconciled_over_TLS()
    {
        using var authority = new TestAuthority(_folder, "authority");
        var (server, client) = (authority.Issue("nb", "127.0.0.1"), authority.Issue("nest"));
        await using var northbound = await OvsdbServer.StartNewAsync(
            tls: new ServerCertificate(server.Certificate, server.Key, authority.File)
        );
        await using var nest = await NestServer.StartAsync(
            new()
            {
                Database = await TestDatabase.CreateAsync(),
                Northbound = northbound.TcpEndpoint,
                Settings = new Dictionary<string, string>
                {
                    ["Northbound__Tls__CaFile"] = authority.File,
                    ["Northbound__Tls__CertificateFile"] = client.Certificate,
                    ["Northbound__Tls__KeyFile"] = client.Key,
                    ["Northbound__Tls__CrlFile"] = authority.Revoke("none"),
                },
            }
        );
        (await nest.Client.PutAsJsonAsync(new Uri("v1/networks/dmz", UriKind.Relative), new { spec = new { } })).EnsureSuccessStatusCode();
        await Eventually.Becomes(
            "the network is in the NB",
            () => nest.Client.GetFromJsonAsync<JsonElement>("v1/readiness"),
            readiness => readiness.GetProperty("ready").GetInt32() == 1
        );
    }

    [Fact]
    public async Task A_process_with_a_TLS_endpoint_and_no_CA_file_does_not_start()
    {
        var options = new NestServerOptions { Database = await TestDatabase.CreateAsync(), Northbound = "ssl:127.0.0.1:6641" };
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => NestServer.StartAsync(options));
        Assert.Contains("ssl: in Northbound__Endpoints needs Northbound__Tls__CaFile.", ended.Message);
    }
}
