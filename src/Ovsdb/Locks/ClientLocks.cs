namespace Ovsdb;

/// <summary>The locks that a client requests on each of its connections.</summary>
/// <param name="post">Raises an event, in order with the client's other events.</param>
internal sealed class ClientLocks(Action<Action> post)
{
    private readonly Lock _gate = new(); // guards _locks and _hasEnded
    private readonly Dictionary<string, OvsdbLock> _locks = new(StringComparer.Ordinal);
    private bool _hasEnded;

    /// <summary>Adds a lock, and requests it if there is a connection.</summary>
    /// <exception cref="ArgumentException">The id is not valid, or the client already requests the lock.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public async Task<OvsdbLock> AddAsync(string id, Func<OvsdbConnection?> getConnection, CancellationToken cancellationToken)
    {
        var added = Add(id);
        try
        {
            if (getConnection() is { } connection) // otherwise the next connection requests it
            {
                await added.RequestAsync(connection, cancellationToken);
            }

            return added;
        }
        catch
        {
            _ = added.DisposeAsync().AsTask(); // the caller does not receive the lock and cannot dispose it
            throw;
        }
    }

    /// <summary>Starts to follow the lock notifications of a connection, before any lock is requested on it.</summary>
    public void Follow(OvsdbConnection connection) => connection.Locks.Changed = (id, held) => Find(id)?.SetHeld(connection, held);

    /// <summary>Requests all locks on a new connection.</summary>
    public async Task RequestAllAsync(OvsdbConnection connection, CancellationToken cancellationToken)
    {
        foreach (var requested in All())
        {
            await requested.RequestAsync(connection, cancellationToken);
        }
    }

    /// <summary>Marks all locks as lost, because the connection has ended.</summary>
    public void LoseAll()
    {
        foreach (var lost in All())
        {
            lost.SetHeld(null, held: false);
        }
    }

    /// <summary>Ends all locks and the waiting for them, because the client has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }

        foreach (var ended in All())
        {
            ended.TryEnd();
        }
    }

    private OvsdbLock Add(string id)
    {
        var added = new OvsdbLock(id, post, Remove);
        lock (_gate)
        {
            if (_hasEnded)
            {
                throw new ObjectDisposedException(null, "The client was disposed.");
            }

            if (!_locks.TryAdd(id, added))
            {
                throw new ArgumentException($"The client already requests the lock {id}. Dispose it first.", nameof(id));
            }
        }
        return added;
    }

    private OvsdbLock[] All()
    {
        lock (_gate)
        {
            return [.. _locks.Values];
        }
    }

    private OvsdbLock? Find(string id)
    {
        lock (_gate)
        {
            return _locks.GetValueOrDefault(id);
        }
    }

    private void Remove(OvsdbLock removed)
    {
        lock (_gate)
        {
            _locks.Remove(removed.Id);
        }
    }
}
