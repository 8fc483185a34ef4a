using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>Registers the HTTP client of the control plane: TCP or a Unix socket, and TLS with the system's CAs or a private CA.</summary>
internal static class ControlPlaneConnection
{
    public static void AddControlPlane(this IServiceCollection services, ControlPlaneSettings settings, RetrySettings retries)
    {
        services.AddSingleton(settings);
        services.AddSingleton(retries);
        services
            .AddHttpClient<ControlPlaneClient>(http =>
            {
                http.BaseAddress = settings.Url;
                http.Timeout = Timeout.InfiniteTimeSpan; // every attempt has its own timeout
            })
            .UseSocketsHttpHandler((handler, _) => Configure(handler, settings))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .AddResilienceHandler("control-plane", pipeline => Retries.AddQuickRetries(pipeline, retries));
    }

    private static void Configure(SocketsHttpHandler handler, ControlPlaneSettings settings)
    {
        handler.AllowAutoRedirect = false; // a redirect must not send the key to another server
        handler.UseProxy = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        // Less than the pause after a failed request, so that the next one has a new connection: behind the old one may be a proxy, or a
        // program that is not the control plane. A poll follows the one before without a pause.
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(0.5);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5); // the DNS name may resolve to another address later
        if (settings.UnixSocket is { } path)
        {
            handler.ConnectCallback = (_, token) => ConnectAsync(path, token);
        }

        if (settings.CaFile is { } file)
        {
            var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            chain.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
