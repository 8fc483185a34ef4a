namespace Ovsdb;

/// <summary>The locks that a client asks for on each of its connections.</summary>
/// <param name="post">Raises an event in order with the client's others.</param>
internal sealed class ClientLocks(Action<Action> post)
{
    private readonly Lock _gate = new(); // guards _locks
    private readonly Dictionary<string, OvsdbLock> _locks = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">It is no id of a lock, or asked for already.</exception>
    public OvsdbLock Add(string id)
    {
        var wanted = new OvsdbLock(id, post, Remove);
        lock (_gate)
        {
            if (!_locks.TryAdd(id, wanted))
                throw new ArgumentException($"The lock {id} is asked for already.", nameof(id));
        }
        return wanted;
    }

    /// <summary>Asks for all of them on a new connection.</summary>
    public async Task RequestAsync(OvsdbConnection connection, CancellationToken ct)
    {
        connection.LockChanged = (id, held) => Find(id)?.Note(connection, held);
        foreach (var wanted in All())
            await wanted.RequestAsync(connection, ct);
    }

    /// <summary>The connection has ended, and with it all locks.</summary>
    public void Lose()
    {
        foreach (var wanted in All())
            wanted.Note(null, held: false);
    }

    private OvsdbLock[] All()
    {
        lock (_gate)
            return [.. _locks.Values];
    }

    private OvsdbLock? Find(string id)
    {
        lock (_gate)
            return _locks.GetValueOrDefault(id);
    }

    private void Remove(OvsdbLock unwanted)
    {
        lock (_gate)
            _locks.Remove(unwanted.Id);
    }
}
