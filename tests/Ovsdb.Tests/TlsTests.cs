using System.Security.Cryptography.X509Certificates;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>TLS against a real ovsdb-server: what is refused, by whom, and in which words.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Programs.NewFolder("pki");
    private readonly TestAuthority _authority;
    private readonly OvsdbTls _tls;

    public TlsTests()
    {
        _authority = new TestAuthority(_folder, "authority");
        var client = _authority.Issue("client");
        _tls = new OvsdbTls(_authority.File) { CertificateFile = client.Certificate, KeyFile = client.Key };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Both_sides_with_certificates_of_the_same_authority_talk()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        await using var client = Client(server, _tls);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task A_large_copy_and_many_transactions_in_flight_come_through()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        await using var connection = await ConnectAsync(server, _tls);
        await Nb.FillAsync(connection, 5_000);
        await using var client = Client(server, _tls);
        await client.SyncedAsync(Ct);
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => client.CommitAsync(Nb.NewSwitch(Guid.NewGuid(), $"w{i}"))));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task A_certificate_that_was_renewed_is_used_at_the_next_connection()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        var (old, renewed) = (_authority.Issue("old", expired: true), _authority.Issue("renewed"));
        var (certificate, key) = ($"{_folder}/own.pem", $"{_folder}/own.key");
        Install(old);
        await using var client = Client(server, _tls with { CertificateFile = certificate, KeyFile = key });
        await Eventually.Holds("the expired one is refused", () =>
            client.LastError?.Contains("certificate expired", StringComparison.Ordinal) == true
        );
        Install(renewed);
        await client.SyncedAsync(Ct);
        await server.KillAsync();
        await server.StartAsync();
        await Eventually.Holds("it is connected again", () => client.Generation == 2 && client.State == OvsdbClientState.Synced);

        void Install(CertificateFiles files)
        {
            File.Copy(files.Certificate, certificate, overwrite: true);
            File.Copy(files.Key, key, overwrite: true);
        }
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var other = new TestAuthority(_folder, "other");
        await using var server = await StartAsync(other.Issue("server", "127.0.0.1"));
        await MustBeRefusedAsync(
            server,
            _tls,
            $"the server's certificate, CN=server, was not issued by an authority in {_authority.File} but by CN=other"
        );
    }

    [Fact]
    public async Task An_authority_of_the_same_name_is_another_authority()
    {
        using var impostor = new TestAuthority(_folder, "authority", file: "impostor");
        await using var server = await StartAsync(impostor.Issue("server", "127.0.0.1"));
        await MustBeRefusedAsync(server, _tls, $"was not issued by an authority in {_authority.File}");
    }

    [Fact]
    public async Task A_certificate_that_is_for_clients_makes_no_server()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1", forServers: false));
        await MustBeRefusedAsync(server, _tls, "the server's certificate, CN=server, cannot be trusted");
    }

    [Fact]
    public async Task An_expired_server_is_refused()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1", expired: true));
        await MustBeRefusedAsync(server, _tls, "the certificate CN=server is valid only from ");
    }

    [Fact]
    public async Task A_server_of_another_name_is_refused_unless_that_name_or_any_is_expected()
    {
        await using var server = await StartAsync(_authority.Issue("nb.example"));
        await MustBeRefusedAsync(server, _tls, "the server's certificate is for nb.example, not for 127.0.0.1");
        await MustBeRefusedAsync(
            server,
            _tls with
            {
                ServerName = "sb.example",
            },
            "the server's certificate is for nb.example, not for sb.example"
        );
        await MustBeAcceptedAsync(server, _tls with { ServerName = "NB.example" });
        await MustBeAcceptedAsync(server, _tls with { ChecksName = false });

        await using var any = await StartAsync(_authority.Issue("server", "*.example"));
        await MustBeAcceptedAsync(any, _tls with { ServerName = "nb.example" });
        await MustBeRefusedAsync(
            any,
            _tls with
            {
                ServerName = "nb.an.example",
            },
            "the server's certificate is for *.example, not for nb.an.example"
        );
    }

    /// <summary>In TLS 1.2 the server has no better words for it than that the handshake failed.</summary>
    [Theory]
    [InlineData("", "the server refused the TLS connection: certificate required")]
    [InlineData("--ssl-protocols=TLSv1.2", "the server refused the TLS connection: handshake failure; no client certificate is configured")]
    public async Task A_client_without_a_certificate_is_refused_by_the_server(string option, string reason)
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"), option);
        await MustBeRefusedAsync(server, new OvsdbTls(_authority.File), reason);
        await MustBeAcceptedAsync(server, _tls);
    }

    [Fact]
    public async Task A_client_of_another_authority_or_an_expired_one_is_refused_by_the_server()
    {
        using var other = new TestAuthority(_folder, "other");
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        await MustBeRefusedAsync(server, With(other.Issue("client")), "the server refused the TLS connection: unknown ca");
        await MustBeRefusedAsync(
            server,
            With(_authority.Issue("client", expired: true)),
            "the server refused the TLS connection: certificate expired"
        );

        OvsdbTls With(CertificateFiles files) => _tls with { CertificateFile = files.Certificate, KeyFile = files.Key };
    }

    [Fact]
    public async Task A_client_shows_the_certificates_between_its_own_and_the_authority()
    {
        using var between = _authority.Delegate("between");
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        var client = between.Issue("client");
        await MustBeRefusedAsync(server, With(client.Certificate), "the server refused the TLS connection: unknown ca");
        await MustBeAcceptedAsync(server, With(await JoinAsync("chain", client.Certificate, between.File)));

        OvsdbTls With(string certificate) => _tls with { CertificateFile = certificate, KeyFile = client.Key };
    }

    [Fact]
    public async Task A_revoked_server_is_refused()
    {
        var files = _authority.Issue("server", "127.0.0.1");
        await using var server = await StartAsync(files);
        var none = _authority.Revoke("none");
        await MustBeAcceptedAsync(server, _tls with { CrlFile = none });
        var list = _authority.Revoke("revoked", revoked: files);
        await MustBeRefusedAsync(server, _tls with { CrlFile = list }, "the certificate CN=server was revoked at ", $"according to {list}");
    }

    [Fact]
    public async Task Where_revocation_cannot_be_known_the_server_is_refused()
    {
        using var other = new TestAuthority(_folder, "other");
        using var impostor = new TestAuthority(_folder, "authority", file: "impostor");
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        var (outdated, foreign, forged) = (
            _authority.Revoke("outdated", outdated: true),
            other.Revoke("foreign"),
            impostor.Revoke("forged")
        );
        await MustBeRefusedAsync(server, _tls with { CrlFile = outdated }, $"the list of CN=authority in {outdated} is out of date");
        await MustBeRefusedAsync(server, _tls with { CrlFile = foreign }, $"{foreign} has no list signed by CN=authority");
        await MustBeRefusedAsync(server, _tls with { CrlFile = forged }, $"{forged} has no list signed by CN=authority");
        await MustBeRefusedAsync(server, _tls with { CrlFile = _authority.File }, "The file contains no revocation list.");
        await MustBeRefusedAsync(server, _tls with { CrlFile = $"{_folder}/nowhere" }, "nowhere");
        await File.WriteAllBytesAsync(
            $"{_folder}/cut",
            (await File.ReadAllBytesAsync(_authority.Revoke("whole", der: true), Ct))[..^3],
            Ct
        );
        await MustBeRefusedAsync(server, _tls with { CrlFile = $"{_folder}/cut" }, "A revocation list is malformed");
    }

    [Fact]
    public async Task Every_certificate_below_the_authority_needs_a_list_of_its_issuer()
    {
        using var between = _authority.Delegate("between");
        await using var server = await StartAsync(between.Issue("server", "127.0.0.1"));
        await MustBeRefusedAsync(server, _tls, "was not issued by an authority in"); // ovsdb-server shows its own certificate alone
        var tls = _tls with { CaFile = await JoinAsync("authorities", _authority.File, between.File) };
        await MustBeAcceptedAsync(server, tls);
        var (upper, lower) = (_authority.Revoke("upper"), between.Revoke("lower"));
        await MustBeRefusedAsync(server, tls with { CrlFile = upper }, "whether CN=server is revoked cannot be known");
        await MustBeRefusedAsync(server, tls with { CrlFile = lower }, "whether CN=between is revoked cannot be known");
        await MustBeAcceptedAsync(server, tls with { CrlFile = await JoinAsync("both", upper, lower) });
        var revoked = _authority.Revoke("upper", revoked: new CertificateFiles(between.File, ""));
        await MustBeRefusedAsync(
            server,
            tls with
            {
                CrlFile = await JoinAsync("both", revoked, lower),
            },
            "the certificate CN=between was revoked at "
        );
    }

    [Fact]
    public async Task Files_that_are_missing_or_do_not_fit_are_named()
    {
        await using var server = await StartAsync(_authority.Issue("server", "127.0.0.1"));
        await MustBeRefusedAsync(server, _tls with { KeyFile = _authority.Issue("another").Key }, $"{_tls.CertificateFile}: ");
        await MustBeRefusedAsync(server, _tls with { CertificateFile = $"{_folder}/nowhere" }, $"{_folder}/nowhere: ");
        await MustBeRefusedAsync(server, new OvsdbTls($"{_folder}/nowhere"), $"{_folder}/nowhere: ");
        await MustBeRefusedAsync(server, new OvsdbTls(_authority.Issue("another").Key), "The file contains no certificate.");
        await Assert.ThrowsAsync<ArgumentException>(() => Nb.ConnectAsync(server.TcpEndpoint));
        Assert.Throws<ArgumentException>(() => Nb.Client(server.TcpEndpoint));
    }

    /// <summary>As Open vSwitch's manual has it: names with a UUID behind them, lists by <c>openssl ca -gencrl</c>.</summary>
    [Fact]
    public async Task Certificates_of_ovs_pki_do()
    {
        var pki = $"{_folder}/pki";
        await ChildProcess.RunAsync("ovs-pki", ["-d", pki, "-l", $"{_folder}/log", "init"]);
        await ChildProcess.RunAsync(
            "sh",
            ["-c", $"cd {_folder} && ovs-pki -d {pki} -l log req+sign nb && ovs-pki -d {pki} -l log req+sign api"]
        );
        var ca = $"{pki}/switchca/cacert.pem";
        await using var server = await OvsdbServer.StartNewAsync(
            tls: new ServerCertificate($"{_folder}/nb-cert.pem", $"{_folder}/nb-privkey.pem", ca)
        );
        var tls = new OvsdbTls(ca) { CertificateFile = $"{_folder}/api-cert.pem", KeyFile = $"{_folder}/api-privkey.pem" };
        using var certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync($"{_folder}/nb-cert.pem", Ct));
        var name = certificate.GetNameInfo(X509NameType.SimpleName, false);
        await MustBeRefusedAsync(server, tls, $"the server's certificate is for {name}, not for 127.0.0.1");
        await MustBeAcceptedAsync(server, tls with { ServerName = name });
        await MustBeAcceptedAsync(server, tls with { ChecksName = false });
    }

    private async Task<string> JoinAsync(string name, params string[] files)
    {
        await File.WriteAllTextAsync($"{_folder}/{name}", string.Concat(files.Select(File.ReadAllText)), Ct);
        return $"{_folder}/{name}";
    }

    private Task<OvsdbServer> StartAsync(CertificateFiles files, string option = "") =>
        OvsdbServer.StartNewAsync(
            tls: new ServerCertificate(files.Certificate, files.Key, _authority.File, option.Length > 0 ? [option] : [])
        );

    private static OvsdbClient Client(OvsdbServer server, OvsdbTls tls)
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

    private static Task<OvsdbConnection> ConnectAsync(OvsdbServer server, OvsdbTls tls) =>
        Nb.ConnectAsync(server.TcpEndpoint, new OvsdbConnectionOptions { Tls = tls });

    private static async Task MustBeAcceptedAsync(OvsdbServer server, OvsdbTls tls)
    {
        await using var connection = await ConnectAsync(server, tls);
        await connection.EchoAsync(Ct);
    }

    /// <summary>Refused, by the one side or the other; where the server does so after the handshake (TLS 1.3), at the first request.</summary>
    private static async Task MustBeRefusedAsync(OvsdbServer server, OvsdbTls tls, params string[] reasons)
    {
        var refused = await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => MustBeAcceptedAsync(server, tls));
        Assert.All(reasons, reason => Assert.Contains(reason, refused.Message));
    }
}
