namespace Ovsdb;

/// <summary>The locks that a client asks for on each of its connections.</summary>
/// <param name="post">Raises an event in order with the client's others.</param>
internal sealed class ClientLocks(Action<Action> post)
{
    private readonly Lock _gate = new(); // guards _locks and _hasEnded
    private readonly Dictionary<string, OvsdbLock> _locks = new(StringComparer.Ordinal);
    private bool _hasEnded;

    /// <summary>Asks for one from now on, at once if there is a connection.</summary>
    /// <exception cref="ArgumentException">It is no id of a lock, or asked for already.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public async Task<OvsdbLock> AskAsync(string id, Func<OvsdbConnection?> connection, CancellationToken ct)
    {
        var wanted = Add(id);
        try
        {
            if (connection() is { } present) // else the next one asks for all there are
            {
                await wanted.RequestAsync(present, ct);
            }

            return wanted;
        }
        catch
        {
            _ = wanted.DisposeAsync().AsTask(); // nobody has it who could give it back
            throw;
        }
    }

    /// <summary>Listens to what a connection that nobody else has yet says of locks.</summary>
    public void Follow(OvsdbConnection connection) => connection.LockChanged = (id, held) => Find(id)?.Note(connection, held);

    /// <summary>Asks for all of them on a new connection.</summary>
    public async Task RequestAsync(OvsdbConnection connection, CancellationToken ct)
    {
        foreach (var wanted in All())
        {
            await wanted.RequestAsync(connection, ct);
        }
    }

    /// <summary>The connection has ended, and with it all locks.</summary>
    public void Lose()
    {
        foreach (var wanted in All())
        {
            wanted.Note(null, held: false);
        }
    }

    /// <summary>The client has ended, and with it the waiting for any of them.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }

        foreach (var wanted in All())
        {
            wanted.TryEnd();
        }
    }

    private OvsdbLock Add(string id)
    {
        var wanted = new OvsdbLock(id, post, Remove);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_hasEnded, typeof(OvsdbClient));
            if (!_locks.TryAdd(id, wanted))
            {
                throw new ArgumentException($"The lock {id} is asked for already.", nameof(id));
            }
        }
        return wanted;
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

    private void Remove(OvsdbLock unwanted)
    {
        lock (_gate)
        {
            _locks.Remove(unwanted.Id);
        }
    }
}
