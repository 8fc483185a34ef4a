using TestServers;

namespace Ovsdb.Tests;

/// <summary>Tests with a certificate authority, and a client certificate that it has issued.</summary>
public abstract class TlsTestBase : IDisposable
{
    protected TlsTestBase()
    {
        Authority = new TestAuthority(Folder, "authority");
        var client = Authority.Issue("client");
        Tls = new OvsdbTls(Authority.File) { CertificateFile = client.Certificate, KeyFile = client.Key };
    }

    protected string Folder { get; } = Programs.NewFolder("pki");

    protected TestAuthority Authority { get; }

    protected OvsdbTls Tls { get; }

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected async Task<string> JoinAsync(string name, params string[] files)
    {
        await File.WriteAllTextAsync($"{Folder}/{name}", string.Concat(files.Select(File.ReadAllText)), Ct);
        return $"{Folder}/{name}";
    }

    protected Task<OvsdbServer> StartAsync(CertificateFiles files, string option = "") =>
        OvsdbServer.StartNewAsync(
            tls: new ServerCertificate(files.Certificate, files.Key, Authority.File, option.Length > 0 ? [option] : [])
        );

    protected static OvsdbClient Client(OvsdbServer server, OvsdbTls tls)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(server.TcpEndpoint),
                Tls = tls,
                Database = Nb.Name,
                Monitor = Nb.Tables,
                Indexes = [Nb.ByName, Nb.ByOwner],
            }
        );
        client.Start();
        return client;
    }

    protected static Task<OvsdbConnection> ConnectAsync(OvsdbServer server, OvsdbTls tls) =>
        Nb.ConnectAsync(server.TcpEndpoint, new OvsdbConnectionOptions { Tls = tls });

    protected static async Task MustBeAcceptedAsync(OvsdbServer server, OvsdbTls tls)
    {
        await using var connection = await ConnectAsync(server, tls);
        await connection.EchoAsync(Ct);
    }

    /// <summary>
    /// Checks that one side rejects the other. With TLS 1.3 the server does so after the handshake, so the first request fails.
    /// </summary>
    protected static async Task MustBeRejectedAsync(OvsdbServer server, OvsdbTls tls, params string[] reasons)
    {
        var rejected = await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => MustBeAcceptedAsync(server, tls));
        Assert.All(reasons, reason => Assert.Contains(reason, rejected.Message));
    }
}
