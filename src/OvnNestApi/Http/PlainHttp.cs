using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;

namespace OvnNestApi.Http;

/// <summary>
/// Keys must not cross a network in the clear: plain HTTP is for loopback and unix sockets, unless <c>Http:AllowPlain</c> says that
/// something else protects it.
/// </summary>
internal sealed class PlainHttp(IServer server, IConfiguration configuration) : IHostedLifecycleService
{
    /// <summary>True if keys may be sent to this address.</summary>
    public static bool IsSafe(string address) =>
        !address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || address.StartsWith("http://unix:", StringComparison.OrdinalIgnoreCase)
        || (
            Uri.TryCreate(address, UriKind.Absolute, out var url)
            && (url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))
        );

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var open = server.Features.Get<IServerAddressesFeature>()?.Addresses.Where(address => !IsSafe(address)).ToList() ?? [];
        return open.Count == 0 || configuration.GetValue<bool>("Http:AllowPlain")
            ? Task.CompletedTask
            : throw new InvalidOperationException(
                $"Plain HTTP on {string.Join(", ", open)}: use https, loopback or a unix socket, or set Http__AllowPlain=true if something in front encrypts."
            );
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
