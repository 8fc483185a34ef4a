using TestServers;

namespace Ovsdb.Tests;

/// <summary>Revocation lists, for connections to a real ovsdb-server.</summary>
public sealed class RevocationTests : TlsTestBase
{
    [Fact]
    public async Task A_revoked_server_certificate_is_rejected()
    {
        var files = Authority.Issue("server", "127.0.0.1");
        await using var server = await StartAsync(files);
        var none = Authority.Revoke("none");
        await MustBeAcceptedAsync(server, Tls with { CrlFile = none });
        var list = Authority.Revoke("revoked", revoked: files);
        await MustBeRejectedAsync(server, Tls with { CrlFile = list }, "the certificate CN=server was revoked at ", $"according to {list}");
    }

    [Fact]
    public async Task A_server_is_rejected_if_its_revocation_status_is_unknown()
    {
        using var other = new TestAuthority(Folder, "other");
        using var impostor = new TestAuthority(Folder, "authority", file: "impostor");
        await using var server = await StartAsync(Authority.Issue("server", "127.0.0.1"));
        var (outdated, foreign, forged) = (
            Authority.Revoke("outdated", outdated: true),
            other.Revoke("foreign"),
            impostor.Revoke("forged")
        );
        await MustBeRejectedAsync(server, Tls with { CrlFile = outdated }, $"the list of CN=authority in {outdated} is out of date");
        await MustBeRejectedAsync(server, Tls with { CrlFile = foreign }, $"{foreign} has no list signed by CN=authority");
        await MustBeRejectedAsync(server, Tls with { CrlFile = forged }, $"{forged} has no list signed by CN=authority");
        await MustBeRejectedAsync(server, Tls with { CrlFile = Authority.File }, "The file contains no revocation list.");
        await MustBeRejectedAsync(server, Tls with { CrlFile = $"{Folder}/nowhere" }, "nowhere");
        await File.WriteAllBytesAsync($"{Folder}/cut", (await File.ReadAllBytesAsync(Authority.Revoke("whole", der: true), Ct))[..^3], Ct);
        await MustBeRejectedAsync(server, Tls with { CrlFile = $"{Folder}/cut" }, "A revocation list is malformed");
    }

    [Fact]
    public async Task Every_certificate_below_the_authority_requires_a_revocation_list_of_its_issuer()
    {
        using var intermediate = Authority.Delegate("intermediate");
        await using var server = await StartAsync(intermediate.Issue("server", "127.0.0.1"));
        await MustBeRejectedAsync(server, Tls, "was not issued by an authority in"); // ovsdb-server sends only its own certificate
        var tls = Tls with { CaFile = await JoinAsync("authorities", Authority.File, intermediate.File) };
        await MustBeAcceptedAsync(server, tls);
        var (upper, lower) = (Authority.Revoke("upper"), intermediate.Revoke("lower"));
        await MustBeRejectedAsync(server, tls with { CrlFile = upper }, "whether CN=server is revoked cannot be known");
        await MustBeRejectedAsync(server, tls with { CrlFile = lower }, "whether CN=intermediate is revoked cannot be known");
        await MustBeAcceptedAsync(server, tls with { CrlFile = await JoinAsync("both", upper, lower) });
        var revoked = Authority.Revoke("upper", revoked: new CertificateFiles(intermediate.File, ""));
        await MustBeRejectedAsync(
            server,
            tls with
            {
                CrlFile = await JoinAsync("both", revoked, lower),
            },
            "the certificate CN=intermediate was revoked at "
        );
    }
}
