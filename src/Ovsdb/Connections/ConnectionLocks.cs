using System.Collections.Concurrent;
using System.Text.Json;

namespace Ovsdb;

/// <summary>The locks that a connection holds (RFC 7047 §4.1.8–10).</summary>
internal sealed class ConnectionLocks(JsonRpcLink link)
{
    private readonly ConcurrentDictionary<string, bool> _held = new(StringComparer.Ordinal); // the values are not used

    /// <summary>
    /// Called on the read loop when a lock was acquired or lost, with its id and whether it is held. Not called when the connection ends.
    /// </summary>
    public Action<string, bool>? Changed { get; set; }

    /// <summary>Returns whether the connection holds the lock.</summary>
    public bool Holds(string lockId) => _held.ContainsKey(lockId);

    /// <summary>Requests a lock. Returns whether it is held immediately.</summary>
    /// <param name="method"><c>lock</c> or <c>steal</c>.</param>
    /// <param name="lockId">The id of the lock.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    public Task<bool> RequestAsync(string method, string lockId, CancellationToken cancellationToken)
    {
        var call = new Call<bool>(
            (ref reader) =>
            {
                // Set on the read loop, so that a later notification cannot be overwritten.
                var held = JsonElement.ParseValue(ref reader).GetProperty("locked").GetBoolean();
                Set(lockId, held);
                return held;
            }
        );
        return link.CallAsync(call, method, json => json.WriteStringValue(lockId), CancellationToken.None)
            .WaitDetachedAsync(cancellationToken);
    }

    /// <summary>Releases a lock, or withdraws the request for it.</summary>
    /// <param name="lockId">The id of the lock.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    public Task ReleaseAsync(string lockId, CancellationToken cancellationToken)
    {
        Set(lockId, held: false); // from now on the server may grant it to another client
        var call = new Call<bool>(
            (ref reader) =>
            {
                Set(lockId, held: false); // a notification may have arrived before the answer
                return true;
            }
        );
        return link.CallAsync(call, "unlock", json => json.WriteStringValue(lockId), CancellationToken.None)
            .WaitDetachedAsync(cancellationToken);
    }

    /// <summary>Records whether a lock is held.</summary>
    public void Set(string lockId, bool held)
    {
        var hasChanged = held ? _held.TryAdd(lockId, true) : _held.TryRemove(lockId, out _);
        if (hasChanged)
        {
            Changed?.Invoke(lockId, held);
        }
    }
}
