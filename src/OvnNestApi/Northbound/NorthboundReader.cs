using Microsoft.Extensions.Options;
using OvnNestApi.Problems;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Reads the NB on request, in any process, with a connection of its own: the switches, ports, router ports and DHCP options of all
/// clients.
/// </summary>
internal sealed class NorthboundReader(IOptions<NorthboundOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // One at a time: a snapshot of a large NB takes memory, and its server time.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Owner marks of this installation.</summary>
    public Ownership Ownership { get; } = new(options.Value.Instance);

    /// <summary>Returns the content of the NB as of now, or 503 <c>northbound-unavailable</c>.</summary>
    public async Task<Answer<ReplicaSnapshot>> ReadAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Endpoints.Length == 0)
        {
            return Problem.NorthboundUnavailable("Northbound__Endpoints is not set.");
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            await using var client = NorthboundDb.CreateClient(
                options.Value,
                NorthboundMonitor.AllRows(),
                NorthboundMonitor.Indexes(Ownership),
                time
            );
            return await ReadAsync(client, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static async Task<Answer<ReplicaSnapshot>> ReadAsync(OvsdbClient client, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        client.Start();
        try
        {
            await client.SyncedAsync(limit.Token);
            return client.Snapshot;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Problem.NorthboundUnavailable(client.LastError ?? "It does not answer in time.");
        }
    }
}
