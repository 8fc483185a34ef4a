using System.Security.Cryptography.X509Certificates;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>TLS connections to a real ovsdb-server: which certificates each side rejects, and with which message.</summary>
public sealed class TlsTests : TlsTestBase
{
    [Fact]
    public async Task A_client_and_a_server_with_certificates_of_the_same_authority_connect()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        await using var client = Client(server, Tls);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task A_large_replica_and_many_concurrent_transactions_work_over_TLS()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        await using var connection = await ConnectAsync(server, Tls);
        await Nb.FillAsync(connection, 5_000);
        await using var client = Client(server, Tls);
        await client.SyncedAsync(Ct);
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => client.CommitAsync(Nb.NewSwitch(Guid.NewGuid(), $"w{i}"))));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task The_next_connection_uses_a_renewed_certificate()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        var (old, renewed) = (Authority.Issue("old", expired: true), Authority.Issue("renewed"));
        var (certificate, key) = ($"{Folder}/own.pem", $"{Folder}/own.key");
        Install(old);
        await using var client = Client(server, Tls with { CertificateFile = certificate, KeyFile = key });
        await Eventually.Holds("the expired certificate is rejected", () =>
            client.LastError?.Contains("certificate expired", StringComparison.Ordinal) == true
        );
        Install(renewed);
        await client.SyncedAsync(Ct);
        await server.KillAsync();
        await server.StartAsync();
        await Eventually.Holds("the client is connected again", () => client.Generation == 2 && client.State == OvsdbClientState.Synced);

        void Install(CertificateFiles files)
        {
            File.Copy(files.Certificate, certificate, overwrite: true);
            File.Copy(files.Key, key, overwrite: true);
        }
    }

    [Fact]
    public async Task A_server_certificate_of_another_authority_is_rejected()
    {
        using var other = new TestAuthority(Folder, "other");
        await using var server = await StartAsync(other.Issue("server", "127.0.0.1"));
        await MustBeRejectedAsync(
            server,
            Tls,
            $"the server's certificate, CN=server, was not issued by an authority in {Authority.File} but by CN=other"
        );
    }

    [Fact]
    public async Task An_authority_with_the_same_name_but_another_key_is_rejected()
    {
        using var impostor = new TestAuthority(Folder, "authority", file: "impostor");
        await using var server = await StartAsync(impostor.Issue("server", "127.0.0.1"));
        await MustBeRejectedAsync(server, Tls, $"was not issued by an authority in {Authority.File}");
    }

    [Fact]
    public async Task A_client_certificate_is_rejected_as_a_server_certificate()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1", forServers: false));
        await MustBeRejectedAsync(server, Tls, "the server's certificate, CN=server, cannot be trusted");
    }

    [Fact]
    public async Task An_expired_server_certificate_is_rejected()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1", expired: true));
        await MustBeRejectedAsync(server, Tls, "the certificate CN=server is valid only from ");
    }

    [Fact]
    public async Task A_server_certificate_for_another_name_is_rejected_unless_the_options_allow_it()
    {
        await using var server = await StartAsync(Authority.Issue("nb.example"));
        await MustBeRejectedAsync(server, Tls, "the server's certificate is for nb.example, not for 127.0.0.1");
        await MustBeRejectedAsync(
            server,
            Tls with
            {
                ServerName = "sb.example",
            },
            "the server's certificate is for nb.example, not for sb.example"
        );
        await MustBeAcceptedAsync(server, Tls with { ServerName = "NB.example" });
        await MustBeAcceptedAsync(server, Tls with { ChecksName = false });

        await using var any = await StartAsync(Authority.Issue("server", "*.example"));
        await MustBeAcceptedAsync(any, Tls with { ServerName = "nb.example" });
        await MustBeRejectedAsync(
            any,
            Tls with
            {
                ServerName = "nb.an.example",
            },
            "the server's certificate is for *.example, not for nb.an.example"
        );
    }

    /// <summary>With TLS 1.2, the server reports only that the handshake failed.</summary>
    [Theory]
    [InlineData("", "the server refused the TLS connection: certificate required")]
    [InlineData("--ssl-protocols=TLSv1.2", "the server refused the TLS connection: handshake failure; no client certificate is configured")]
    public async Task A_server_rejects_a_client_without_a_certificate(string option, string reason)
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"), option);
        await MustBeRejectedAsync(server, new OvsdbTls(Authority.File), reason);
        await MustBeAcceptedAsync(server, Tls);
    }

    [Fact]
    public async Task A_server_rejects_an_expired_client_certificate_and_one_of_another_authority()
    {
        using var other = new TestAuthority(Folder, "other");
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        await MustBeRejectedAsync(server, With(other.Issue("client")), "the server refused the TLS connection: unknown ca");
        await MustBeRejectedAsync(
            server,
            With(Authority.Issue("client", expired: true)),
            "the server refused the TLS connection: certificate expired"
        );

        OvsdbTls With(CertificateFiles files) => Tls with { CertificateFile = files.Certificate, KeyFile = files.Key };
    }

    [Fact]
    public async Task A_client_sends_its_intermediate_certificates()
    {
        using var intermediate = Authority.Delegate("intermediate");
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        var client = intermediate.Issue("client");
        await MustBeRejectedAsync(server, With(client.Certificate), "the server refused the TLS connection: unknown ca");
        await MustBeAcceptedAsync(server, With(await JoinAsync("chain", client.Certificate, intermediate.File)));

        OvsdbTls With(string certificate) => Tls with { CertificateFile = certificate, KeyFile = client.Key };
    }

    [Fact]
    public async Task An_error_names_the_file_that_is_missing_or_invalid()
    {
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        await MustBeRejectedAsync(server, Tls with { KeyFile = Authority.Issue("another").Key }, $"{Tls.CertificateFile}: ");
        await MustBeRejectedAsync(server, Tls with { CertificateFile = $"{Folder}/nowhere" }, $"{Folder}/nowhere: ");
        await MustBeRejectedAsync(server, new OvsdbTls($"{Folder}/nowhere"), $"{Folder}/nowhere: ");
        await MustBeRejectedAsync(server, new OvsdbTls(Authority.Issue("another").Key), "The file contains no certificate.");
        await Assert.ThrowsAsync<ArgumentException>(() => Nb.ConnectAsync(server.TcpEndpoint));
        Assert.Throws<ArgumentException>(() => Nb.Client(server.TcpEndpoint));
    }

    /// <summary>Certificates as in Open vSwitch's manual: their names end with a UUID.</summary>
    [Fact]
    public async Task Certificates_of_ovs_pki_are_supported()
    {
        var pki = $"{Folder}/pki";
        await ChildProcess.RunAsync("ovs-pki", ["-d", pki, "-l", $"{Folder}/log", "init"]);
        await ChildProcess.RunAsync(
            "sh",
            ["-c", $"cd {Folder} && ovs-pki -d {pki} -l log req+sign nb && ovs-pki -d {pki} -l log req+sign api"]
        );
        var ca = $"{pki}/switchca/cacert.pem";
        await using var server = await OvsdbServer.StartNewAsync(
            tls: new ServerCertificate($"{Folder}/nb-cert.pem", $"{Folder}/nb-privkey.pem", ca)
        );
        var tls = new OvsdbTls(ca) { CertificateFile = $"{Folder}/api-cert.pem", KeyFile = $"{Folder}/api-privkey.pem" };
        using var certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync($"{Folder}/nb-cert.pem", Ct));
        var name = certificate.GetNameInfo(X509NameType.SimpleName, false);
        await MustBeRejectedAsync(server, tls, $"the server's certificate is for {name}, not for 127.0.0.1");
        await MustBeAcceptedAsync(server, tls with { ServerName = name });
        await MustBeAcceptedAsync(server, tls with { ChecksName = false });
    }
}
