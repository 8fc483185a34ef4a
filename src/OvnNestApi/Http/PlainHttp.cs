using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;

namespace OvnNestApi.Http;

/// <summary>
/// Stops the start of the service if it would receive API keys without encryption. Plain HTTP is allowed on loopback and unix sockets, or
/// anywhere if <c>Http:AllowPlain</c> is set because a proxy encrypts.
/// </summary>
internal sealed class PlainHttp(IServer server, IConfiguration configuration) : IHostedLifecycleService
{
    /// <summary>Returns true if keys are protected on the way to this address.</summary>
    public static bool IsSafe(string address) =>
        !address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || address.StartsWith("http://unix:", StringComparison.OrdinalIgnoreCase)
        || (
            Uri.TryCreate(address, UriKind.Absolute, out var url)
            && (url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))
        );

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var unsafeAddresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.Where(address => !IsSafe(address)).ToList() ?? [];
        return unsafeAddresses.Count == 0 || configuration.GetValue<bool>("Http:AllowPlain")
            ? Task.CompletedTask
            : throw new InvalidOperationException(
                $"Plain HTTP on {string.Join(", ", unsafeAddresses)} would expose API keys. Use https, loopback or a unix socket, "
                    + "or set Http__AllowPlain=true if a proxy encrypts."
            );
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
