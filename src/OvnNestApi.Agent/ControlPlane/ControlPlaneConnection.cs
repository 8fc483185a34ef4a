using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>How requests get to the control plane: TCP or a unix socket, TLS with the system's or a private authority, a few quick retries.</summary>
internal static class ControlPlaneConnection
{
    public static void AddControlPlane(this IServiceCollection services, ControlPlaneSettings settings)
    {
        services.AddSingleton(settings);
        services
            .AddHttpClient<ControlPlaneClient>(http =>
            {
                http.BaseAddress = settings.Url;
                http.Timeout = Timeout.InfiniteTimeSpan; // each try has its own, below
            })
            .UseSocketsHttpHandler((handler, _) => Configure(handler, settings))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // For hiccups; whoever calls waits longer when these do not help. Every request may be repeated: enrolment too.
            .AddResilienceHandler("control-plane", pipeline => pipeline
                    .AddRetry(
                        new HttpRetryStrategyOptions
                        {
                            MaxRetryAttempts = 2,
                            Delay = TimeSpan.FromMilliseconds(100),
                            BackoffType = DelayBackoffType.Exponential,
                            UseJitter = true,
                        }
                    )
                    .AddTimeout(ControlPlaneClient.PollWait + TimeSpan.FromSeconds(15)));
    }

    private static void Configure(SocketsHttpHandler handler, ControlPlaneSettings settings)
    {
        handler.AllowAutoRedirect = false; // the key goes to nobody else
        handler.UseProxy = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5); // an address may change
        if (settings.UnixSocket is { } path)
        {
            handler.ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        if (settings.CaFile is { } file)
        {
            var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            chain.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        }
    }
}
