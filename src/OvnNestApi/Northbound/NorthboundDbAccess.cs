using Microsoft.Extensions.Options;
using OvnNestApi.Problems;
using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// The replica of the NB for requests. The process that leads lends its own. Any other process loads one when a request needs it, and
/// keeps it for a minute after the last request.
/// </summary>
internal sealed class NorthboundDbAccess(IOptions<NorthboundOptions> options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private OvsdbClient? _lent;
    private OvsdbClient? _own;
    private ITimer? _expiry;

    /// <summary>Owner marks of this installation.</summary>
    public Ownership Ownership { get; } = new(options.Value.Instance);

    /// <summary>Lends a replica until the result is disposed.</summary>
    public IDisposable Lend(OvsdbClient client)
    {
        lock (_lock)
        {
            _lent = client;
        }

        return new Loan(this);
    }

    /// <summary>Returns the replica as soon as it is complete, or 503 <c>northbound-unavailable</c>.</summary>
    /// <param name="isPatient">
    /// True to wait up to 5 s; false to wait up to 2 s, and not at all if the NB could not be reached the last time. The replica is loaded
    /// further after that.
    /// </param>
    public async Task<Answer<NorthboundReplica>> OpenAsync(bool isPatient, CancellationToken cancellationToken)
    {
        if (options.Value.Endpoints.Length == 0)
        {
            return Problem.NorthboundUnavailable("Northbound__Endpoints is not set.");
        }

        var client = Client();
        if (!isPatient && client.State != OvsdbClientState.Synced && client.LastError is { } error)
        {
            return Problem.NorthboundUnavailable(error);
        }

        using var timeout = new CancellationTokenSource(isPatient ? LongPatience : ShortPatience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await client.SyncedAsync(end.Token);
            return new NorthboundReplica(client, client.Snapshot);
        }
        catch (Exception e)
            when ((e is OperationCanceledException or ObjectDisposedException) && !cancellationToken.IsCancellationRequested)
        {
            return Problem.NorthboundUnavailable(client.LastError ?? "Its content is not loaded yet.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        OvsdbClient? own;
        lock (_lock)
        {
            _expiry?.Dispose();
            (own, _own) = (_own, null);
        }

        if (own is not null)
        {
            await own.DisposeAsync();
        }
    }

    private OvsdbClient Client()
    {
        lock (_lock)
        {
            if (_lent is not null)
            {
                return _lent;
            }

            if (_own is null)
            {
                _own = NorthboundDb.CreateClient(options.Value, time);
                _own.Start();
            }

            _expiry ??= time.CreateTimer(_ => _ = DisposeAsync().AsTask(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _expiry.Change(KeptFor, Timeout.InfiniteTimeSpan);
            return _own;
        }
    }

    private void Return()
    {
        lock (_lock)
        {
            _lent = null;
        }
    }

    private sealed class Loan(NorthboundDbAccess access) : IDisposable
    {
        public void Dispose() => access.Return();
    }
}

/// <summary>A replica of the NB.</summary>
/// <param name="Client">The client that follows the NB.</param>
/// <param name="Snapshot">The content of the replica.</param>
internal readonly record struct NorthboundReplica(OvsdbClient Client, ReplicaSnapshot Snapshot);
