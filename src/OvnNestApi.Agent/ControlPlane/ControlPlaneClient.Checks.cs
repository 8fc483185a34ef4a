using System.Net;
using System.Net.Http.Json;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.ControlPlane;

/// <summary>The requests for checks.</summary>
internal sealed partial class ControlPlaneClient
{
    // A poll without checks costs a query. Work is polled more often, because that poll is the sign of life.
    private static readonly TimeSpan CheckWait = TimeSpan.FromSeconds(20);

    /// <summary>Returns the checks that wait for a result as soon as there are any; none if there are none within a poll.</summary>
    /// <param name="running">Checks that run already; they are left out.</param>
    /// <exception cref="ControlPlaneException">There was no answer, or the control plane rejected the request.</exception>
    public async Task<IReadOnlyList<HostCheck>> PollChecksAsync(string host, IEnumerable<Guid> running, CancellationToken cancellationToken)
    {
        using var request = Authorized(
            HttpMethod.Get,
            $"v1/hosts/{Uri.EscapeDataString(host)}/checks?wait={CheckWait.TotalSeconds:0}s&running={string.Join(',', running)}"
        );
        using var response = await SendAsync(request, KeyRejected, Timeout.InfiniteTimeSpan, cancellationToken);
        return response.StatusCode is HttpStatusCode.NoContent ? [] : (await ReadAsync<HostChecks>(response, cancellationToken)).Items;
    }

    /// <summary>Sends the result of a check.</summary>
    /// <exception cref="ControlPlaneException">There was no answer, or the control plane rejected the request.</exception>
    public async Task ReportCheckAsync(string host, Guid check, CheckResult result, CancellationToken cancellationToken)
    {
        using var request = Authorized(HttpMethod.Put, $"v1/hosts/{Uri.EscapeDataString(host)}/checks/{check}");
        request.Content = JsonContent.Create(result, options: ContractJson.Options);
        using var response = await SendAsync(request, KeyRejected, Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
